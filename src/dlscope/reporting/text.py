"""`TextRenderer`: a Report as the terminal shows it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO, final

from dlscope.core.report import Finding, Report, Sign, tables_of
from dlscope.core.table import Table
from dlscope.core.units import format_number, scale_for
from dlscope.reporting.cells import ABSENT, display
from dlscope.reporting.glyphs import Encoding, Glyphs, columns_of
from dlscope.reporting.layout import Fitted, Line, fit, lines
from dlscope.reporting.words import plain, plural

SCREEN_LINES = 24
_LEAST_ROWS = 3
_LEAST_FINDINGS = 2
_SIGN_STYLES: Mapping[Sign, str] = {
    "good": "good",
    "note": "accent",
    "warn": "warn",
    "bad": "bad",
}
_RICH_STYLES: Mapping[str, str] = {
    "accent": "bright_blue",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "dim": "bright_black",
    "bold": "bold",
}


@final
class TextRenderer:
    """The answer, tables, findings and what to do next, in at most 24 lines unless `all`."""

    def report(
        self,
        report: Report,
        *,
        width: int = 100,
        color: bool = False,
        encoding: Encoding = "utf-8",
        all: bool = False,
    ) -> str:
        """`report` as lines no wider than `width`, where names can give way; ends with a newline.

        Shown are the tables of the first section that has any; `all` shows those of all
        sections, up to 100 rows each, and every finding.
        """
        sheet = _Sheet(Glyphs(encoding), width)
        blocks = sheet.whole(report) if all else sheet.within(report, SCREEN_LINES)
        return _painted(blocks) if color else _plain(blocks)

    def table(self, table: Table, *, width: int = 100, encoding: Encoding = "utf-8") -> str:
        """One table without colour, up to 100 rows; ends with a newline."""
        return _plain(list(_Sheet(Glyphs(encoding), width).table(table, rows=len(table))))


def wants_color(stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> bool:
    """Whether to colour what goes to `stream`.

    NO_COLOR (any value but an empty one) and `--no-color` win over FORCE_COLOR; else only a
    terminal that is not dumb gets colour.
    """
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def encoding_of(stream: TextIO) -> Encoding:
    """`utf-8` where `stream` can write it, else `ascii`."""
    name = (getattr(stream, "encoding", None) or "ascii").lower().replace("_", "-")
    return "utf-8" if name in ("utf-8", "utf8", "utf-8-sig") else "ascii"


@final
class _Sheet:
    """Lays out the parts of a report for one width and set of glyphs."""

    def __init__(self, glyphs: Glyphs, width: int) -> None:
        self._glyphs = glyphs
        self._width = width

    def whole(self, report: Report) -> list[Line]:
        tables = [table for section in report.sections for table in tables_of(section.blocks)]
        shown = tables or list(_beside_sections(report))
        return self._joined(report, shown, None, len(report.findings))

    def within(self, report: Report, limit: int) -> list[Line]:
        """The parts of `report` that fit into `limit` lines: rows give way, then findings."""
        tables = list(_first_tables(report))
        most_rows = max((len(table) for table in tables), default=0)
        findings = len(report.findings)
        rows = min(most_rows, limit)
        laid = self._joined(report, tables, rows, findings)
        while len(laid) > limit:
            if rows > _LEAST_ROWS and (findings <= _LEAST_FINDINGS or rows > limit // 2):
                rows -= 1
            elif findings > _LEAST_FINDINGS:
                findings -= 1
            elif len(tables) > 1:
                tables.pop()
                rows = min(max(len(table) for table in tables), limit)
            else:
                break
            laid = self._joined(report, tables, rows, findings)
        return laid

    def table(self, table: Table, *, rows: int) -> Iterator[Line]:
        shown = display(table, range(min(rows, len(table), 100)))
        fitted = fit(shown, self._glyphs, self._width)
        yield from lines(fitted)
        if not len(table):
            yield [("no rows", "dim")]
        yield from self._wrapped(_left_out(table, shown.left_out, fitted), "dim")

    def _joined(
        self, report: Report, tables: Sequence[Table], rows: int | None, findings: int
    ) -> list[Line]:
        parts = [list(self._wrapped(report.answer or report.title, "bold"))]
        for table in tables:
            title = [[(self._safe(table.title or table.name), "bold")]] if len(tables) > 1 else []
            shown = len(table) if rows is None else rows
            parts.append([*title, *self.table(table, rows=shown)])
        parts.append(list(self._findings(report, findings)))
        parts.append(list(self._next(report)))
        laid: list[Line] = []
        for part in filter(None, parts):
            laid += [[], *part] if laid else part
        return laid

    def _findings(self, report: Report, count: int) -> Iterator[Line]:
        for warning in report.warnings:
            yield from self._claim("warn", warning, "")
        for finding in report.findings[:count]:
            yield from self._claim(finding.sign, finding.claim, gain_of(finding))
            yield from self._wrapped(evidence_of(finding), "dim", indent=self._indent)
        hidden = len(report.findings) - count
        if hidden > 0:
            yield [(self._indent + f"{plural(hidden, 'more finding')}: --all", "dim")]

    @property
    def _indent(self) -> str:
        return "   " if self._glyphs.encoding == "ascii" else "  "

    def _claim(self, sign: Sign, claim: str, gain: str) -> Iterator[Line]:
        text = f"{plain(claim)}   {gain}" if gain else plain(claim)
        first, *rest = self._wrapped(text or ABSENT, "bold", indent=self._indent)
        mark = self._glyphs.sign(sign).ljust(len(self._indent))
        yield [(mark, _SIGN_STYLES[sign]), *((t[len(mark) :], style) for t, style in first)]
        yield from rest

    def _next(self, report: Report) -> Iterator[Line]:
        commands = [(self._safe(c), self._safe(why)) for c, why in report.next_commands]
        length = max((columns_of(command) for command, _ in commands), default=0)
        for number, (command, why) in enumerate(commands):
            space = " " * (length - columns_of(command) + 2)
            label = "next" if number == 0 else "    "
            yield [(label + "   ", "dim"), (command, ""), (space, ""), (why, "dim")]

    def _wrapped(self, text: str, style: str, indent: str = "") -> Iterator[Line]:
        wrapped = textwrap.wrap(
            self._glyphs.text(text if "   " in text else plain(text)),
            max(self._width, 20),
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        yield from ([(line, style)] for line in wrapped)

    def _safe(self, text: str) -> str:
        return self._glyphs.text(plain(text))


def gain_of(finding: Finding) -> str:
    """The gain with its sign and unit, in the unit people read: `−1.90 ms`; empty for none."""
    if finding.gain is None:
        return ""
    scale = scale_for(finding.gain_unit, [finding.gain])
    number = finding.gain if scale.factor == 1 else finding.gain * scale.factor
    plus = "+" if number > 0 else ""
    return f"{plus}{format_number(number)} {plain(scale.unit)}".rstrip()


def evidence_of(finding: Finding) -> str:
    """What stands under a claim: its detail and advice, or else the rows that show it."""
    said = [part for part in (plain(finding.detail), plain(finding.advice)) if part]
    if said:
        return "; ".join(said)
    return f"{plain(finding.evidence)} {rows_of(finding)}".strip()


def rows_of(finding: Finding) -> str:
    """The rows of the evidence counted from 1: `rows 1, 4, 7`; at most eight are named."""
    if not finding.rows:
        return ""
    named = ", ".join(str(row + 1) for row in finding.rows[:8])
    more = f" and {len(finding.rows) - 8} more" if len(finding.rows) > 8 else ""
    return f"row{'' if len(finding.rows) == 1 else 's'} {named}{more}"


def _first_tables(report: Report) -> tuple[Table, ...]:
    found = (tables_of(section.blocks) for section in report.sections)
    return next((tables for tables in found if tables), _beside_sections(report)[:1])


def _beside_sections(report: Report) -> tuple[Table, ...]:
    """The tables of a report whose sections show none: an empty one alone would tell nothing."""
    return tuple(table for table in report.tables if len(table) or not report.sections)


def _left_out(table: Table, rows: int, fitted: Fitted) -> str:
    said = []
    if rows:
        said.append(f"{len(table) - rows} of {plural(len(table), 'row')}")
    if fitted.dropped:
        said.append(f"not shown: {', '.join(fitted.dropped)}")
    return "; ".join(said) and f"{'; '.join(said)} (--all, --format csv)"


def _plain(laid: Sequence[Line]) -> str:
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in laid)


def _painted(laid: Sequence[Line]) -> str:
    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        width=1000,
        legacy_windows=False,
        _environ={},
    )
    for line in laid:
        text = Text.assemble(*((piece, _RICH_STYLES.get(style, "")) for piece, style in line))
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False)
    return out.getvalue()
