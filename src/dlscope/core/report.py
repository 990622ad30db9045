"""`Report`: prose, tables, figures, pictures and findings, one object for every face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dlscope.core.table import Table

Sign = Literal["good", "note", "warn", "bad"]
_MAGIC = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class Finding:
    """A claim that a table supports: `evidence` names the table, `rows` its row numbers from 0.

    `gain` is a signed number in `gain_unit` (negative latency is a saving); `advice` says what
    to do about it.
    """

    sign: Sign
    claim: str
    evidence: str
    rows: tuple[int, ...] = ()
    detail: str = ""
    gain: float | None = None
    gain_unit: str = ""
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {
            "sign": self.sign,
            "claim": self.claim,
            "detail": self.detail,
            "evidence": {"table": self.evidence, "rows": list(self.rows)},
            "gain": self.gain,
            "gain_unit": self.gain_unit,
            "advice": self.advice,
        }

    def _repr_html_(self) -> str:
        from dlscope.core import registry

        html: str = registry.load("renderers", "html")().finding(self)
        return html


@dataclass(frozen=True)
class Figure:
    """A Vega-Lite `spec` drawn from the table named `table`; `caption` says how to read it.

    Colours in the spec are the CSS variables of the design: `var(--s1)`.
    """

    name: str
    title: str
    spec: Mapping[str, Any]
    table: str
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """What a camera or a model sees, as the `content` of a PNG or JPEG file.

    `alt` says in words what is to be seen, to those who cannot see it and to faces without
    pictures; `caption` says how to read it.
    """

    name: str
    title: str
    content: bytes
    alt: str
    caption: str = ""

    @property
    def source(self) -> str:
        """The address with the whole picture in it, for a page. Raises ValueError for another."""
        import base64

        kind = next((each for each in _MAGIC if self.content.startswith(_MAGIC[each])), None)
        if kind is None:
            raise ValueError(f"picture {self.name} is neither PNG nor JPEG")
        return f"data:{kind};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True)
class Prose:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Pairs of term and value, such as the parts of an environment."""

    pairs: tuple[tuple[str, str], ...]


Block = Prose | Facts | Table | Figure | Picture


@dataclass(frozen=True)
class Section:
    """A titled part of a report."""

    title: str
    blocks: tuple[Block, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What dlscope tells: the answer first, then findings, then tables, then method.

    `tables` is every table of the machine-readable contract; sections choose among them.
    `created_utc` comes from the Runs, never from the clock, so that the same input gives the
    same bytes. `command` prints the same result again.
    """

    title: str
    answer: str
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: tuple[Section, ...] = ()
    runs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    next_commands: tuple[tuple[str, str], ...] = ()
    command: str = ""
    created_utc: str = ""
    attachments: Mapping[str, str] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table called `name`. Raises KeyError when there is none."""
        return {table.name: table for table in self.tables}[name]

    def to_json(self) -> dict[str, Any]:
        """The one JSON contract of every command that prints a result."""
        return {
            "tables": {table.name: table.to_json() for table in self.tables},
            "findings": [finding.to_json() for finding in self.findings],
            "runs": list(self.runs),
            "warnings": list(self.warnings),
        }

    def write(self, path: str, *, format: str = "html") -> None:
        """Render to the file at `path` as html, markdown, json or text. Raises `FileError`."""
        from pathlib import Path

        from dlscope.core import registry
        from dlscope.core.whole_file import write_whole

        write_whole(Path(path), registry.load("renderers", format)().report(self))

    def _repr_html_(self) -> str:
        from dlscope.core import registry

        html: str = registry.load("renderers", "html")().excerpt(self)
        return html


def tables_of(blocks: Sequence[Block]) -> tuple[Table, ...]:
    """The tables among `blocks`, in order."""
    return tuple(block for block in blocks if isinstance(block, Table))
