"""The errors, as the family that they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlscope.core import errors
from generate.fields import prose, table


def error_tree() -> str:
    """The family of errors, each with what it is for."""
    rows = []
    for kind, depth in _family(errors.DlscopeError, 0):
        indent = "&nbsp;&nbsp;&nbsp;&nbsp;" * depth
        rows.append((f"{indent}`{kind.__name__}`", prose(kind)))
    return table(("error", "when"), rows)


def _family(kind: type[Any], depth: int) -> Iterator[tuple[type[Any], int]]:
    yield kind, depth
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _family(each, depth + 1)
