"""`printed`: tables of a method by the command that prints them, as the reference has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from dlscope.core.table import Column

Printed: TypeAlias = Mapping[str, Mapping[str, tuple[str, Sequence[Column]]]]
"""By command, then by table: what the table tells, and its columns."""


def printed(method: str, by_command: Printed) -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table of `method` with what it tells and its columns; commands are joined by `and`."""
    for command, tables in by_command.items():
        told = " and ".join(f"`{each}`" for each in command.split(" and "))
        for name, (doc, columns) in tables.items():
            yield f"{name} ({method})", f"{doc} Printed by {told}.", columns
