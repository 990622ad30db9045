"""Where a JSON value ends, and how deep it is nested, without decoding it and without recursion."""

from __future__ import annotations

import re
from typing import Any

_DEEPEST = 10_000
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_AFTER_SCALAR = re.compile(r"[\s,\]}]")
_STEP = {"{": 1, "[": 1, '"': 0}


def value_end(text: str, start: int) -> int | None:
    """Where the value at `start` ends going by its brackets and quotes, None for not in `text`."""
    if text[start] == '"':
        return _string_end(text, start)
    if text[start] not in "{[":
        after = _AFTER_SCALAR.search(text, start)
        return after and after.start()
    depth = 0
    for token in _BRACKET.finditer(text, start):
        mark = token[0][0]
        depth += _STEP.get(mark, -1)
        if not depth:
            return token.end()
        if depth > _DEEPEST or (mark == '"' and _string_end(text, token.start()) is None):
            return None
    return None


def depth_of(value: Any) -> int:
    """How deep lists and objects are nested in `value`; 0 for a number or a text."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def _string_end(text: str, start: int) -> int | None:
    string = _STRING.match(text, start)
    assert string is not None
    return string.end() if len(string[0]) > 1 and string[0][-1] == '"' else None
