"""Ids of spans as tracing servers write them."""

from __future__ import annotations

from typing import Any


def span_id(text: Any) -> int:
    """An id of up to 16 hex digits as 64 bits with a sign, 0 for what is none."""
    try:
        number = int(text, 16)
    except (ValueError, TypeError):
        return 0
    if not 0 <= number < 1 << 64:
        return 0
    return number - (1 << 64) if number >> 63 else number
