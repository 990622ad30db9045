"""Values of JSON events as a trace can keep them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from dlscope.core.trace import COLUMNS, TEXTS, Attribute, Level, Span
from dlscope.tracing.columns import WORDS, SpanColumns

INT = 1 << 31
LONG = 1 << 63
"""The smallest numbers that no longer fit into columns of 32 and of 64 bits."""


LEVELS = frozenset(int(level) for level in Level)
BLANK = Span(1, 0, Level.NONE, "", 0, 0)
"""What a span has where its file tells nothing."""


def integer(value: Any, limit: int, default: int = 0) -> int:
    """`value`, a number or its digits, where it is whole and below `limit`, else `default`."""
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= 20:
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and -limit <= value < limit else default


def column_code(columns: SpanColumns, column: str, value: Any) -> int:
    """`value` of a file as `column` holds it, the blank one for what cannot be in it."""
    blank = getattr(BLANK, column)
    if column in TEXTS:
        return columns.place(value if isinstance(value, str) else blank)
    if column in WORDS:
        return WORDS[column].index(value if value in WORDS[column] else blank)
    return integer(value, LONG if COLUMNS[column] == "int64" else INT, blank)


def attribute(value: Any) -> Attribute:
    """`value` as an attribute of a span: lists and objects become their JSON text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str | int | float):
        return value
    return json.dumps(value, default=float, ensure_ascii=False)
