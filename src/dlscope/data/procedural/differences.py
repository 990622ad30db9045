"""`differences`: where what is asked differs from what a folder was made for, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(there: Any, wanted: Any, name: str = "") -> Iterator[str]:
    """`options.rate is 0.001 there, 0.0005 is asked`, for each field with another value."""
    if isinstance(there, dict) and isinstance(wanted, dict):
        for key in dict.fromkeys([*there, *wanted]):
            inner = f"{name}.{key}" if name else str(key)
            yield from differences(there.get(key), wanted.get(key), inner)
    elif there != wanted:
        yield f"{name or 'all'} is {there} there, {wanted} is asked"
