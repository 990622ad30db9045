"""`papers`: what dlscope is built from, how much of each paper is here, and how that is checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.catalog.paper import Idea, Paper, PaperFigure
    from dlscope.core.report import Figure, Report

PAPER_COLUMNS = (
    Column("paper", "str", "name for the command line", role="id"),
    Column("title", "str", "title of the paper", priority=3),
    Column("authors", "str", "who wrote it", priority=3),
    Column("venue", "str", "where it appeared", priority=2),
    Column("year", "int", "when it appeared", priority=2),
    Column("brings", "str", "what it brings", priority=2),
    Column("open_first", "str", "folder of dlscope to open first"),
    Column("state", "str", "how far it is built"),
    Column("figures", "int", "figures of it in this list", role="count"),
    Column("tested", "int", "of these, compared by a test", role="count"),
    Column("measured", "int", "of these, compared with a stored measurement", role="count"),
    Column("published", "int", "of these, not checked here, for a stated reason", role="count"),
)
CHECK_COLUMNS = (
    Column("paper", "str", "name for the command line", role="id"),
    Column("how", "str", "how figures of the paper are checked"),
    Column("figures", "int", "how many are checked so", role="count"),
)
IDEA_COLUMNS = (
    Column("idea", "str", "what the paper does"),
    Column("state", "str", "built, adapted, partly, planned or left out"),
    Column("here", "str", "what stands for it here", priority=2),
    Column("test", "str", "a test that shows it", priority=3),
)
FIGURE_COLUMNS = (
    Column("figure", "str", "name of the figure", role="id"),
    Column("what", "str", "what it is", priority=2),
    Column("published", "str", "its value, with relation and unit"),
    Column("expected", "float", "its value as a number", priority=3, role="value"),
    Column("tolerance", "float", "how far a value may be from it", priority=3, role="value"),
    Column("here", "float", "what was measured here", role="value"),
    Column("kind", "str", "exact, trend, or published and not compared"),
    Column("source", "str", "where it stands", priority=2),
    Column("confidence", "str", "printed, public, derived or recalled", priority=2),
    Column("checked_by", "str", "test, or script with its result", priority=2),
    Column("needs", "str", "what a check asks for that does not come along", priority=2),
)
TABLES = {
    "papers": PAPER_COLUMNS,
    "checks": CHECK_COLUMNS,
    "ideas": IDEA_COLUMNS,
    "figures": FIGURE_COLUMNS,
}
CHECKS = ("tested", "measured", "published")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def papers(name: str | None = None) -> Report:
    """The papers that dlscope is built from, or one of them with its ideas and figures.

    Raises `ManifestError` for a name that is not in the list.
    """
    from dlscope.catalog import paper as listed

    return _overview() if name is None else _one(listed.paper(name))


def shown_value(figure: PaperFigure) -> str:
    """The value of a figure as it is printed: `≥ 4.4 ×`, `309,057`; empty without a number."""
    if figure.expected is None:
        return ""
    relation = "" if figure.relation == "=" else f"{figure.relation} "
    number = f"{figure.expected:,}" if abs(figure.expected) >= 10_000 else f"{figure.expected}"
    return f"{relation}{number} {figure.unit}".rstrip()


def checked_by(figure: PaperFigure) -> str:
    """The test of a figure, or the script that measured it with the place of its result."""
    return figure.test or (f"{figure.script}: {figure.key}" if figure.script else "")


def _overview() -> Report:
    from dlscope.catalog import paper as listed
    from dlscope.core.report import Report, Section

    found = tuple(listed.papers().values())
    table = Table.of("papers", PAPER_COLUMNS, map(_record, found))
    checks = Table.of("checks", CHECK_COLUMNS, _checks(found))
    figures = [figure for each in found for figure in each.figures]
    counts = Counter(map(_how, figures))
    return Report(
        title="Papers",
        answer=f"{len(found)} papers, {len(figures)} figures: {counts['tested']} compared by "
        f"tests, {counts['measured']} with stored measurements, {counts['published']} not checked "
        "here, each with the reason.",
        tables=(table, checks),
        sections=(
            Section("Papers", (table.view("paper", "open_first", "state", *CHECKS),)),
            Section("How figures are checked", (_bars(checks),)),
        ),
        next_commands=(("dlscope papers skynet", "one of them, with its ideas and figures"),),
        command="dlscope papers",
    )


def _one(paper: Paper) -> Report:
    from dlscope.core.report import Facts, Report, Section

    counts = Counter(each.state for each in paper.ideas)
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    ideas = Table.of("ideas", IDEA_COLUMNS, map(_idea, paper.ideas))
    figures = Table.of("figures", FIGURE_COLUMNS, map(_figure, paper.figures))
    facts = (
        ("title", paper.title),
        ("authors", ", ".join(paper.authors)),
        ("appeared", f"{paper.venue}, {paper.year}; {paper.identifier}"),
        ("brings", paper.brings),
        ("open first", f"src/dlscope/{paper.open_first}"),
        ("leans on", ", ".join(paper.leans_on)),
    )
    return Report(
        title=paper.short,
        answer=f"{paper.title}. Of {len(paper.ideas)} ideas {told}. State: {paper.state}.",
        tables=(Table.of("papers", PAPER_COLUMNS, [_record(paper)]), ideas, figures),
        sections=(
            Section("Paper", (Facts(tuple(pair for pair in facts if pair[1])),)),
            Section("Ideas", (ideas,)),
            Section("Figures", (figures,), note=_NOTE),
        ),
        command=f"dlscope papers {paper.name}",
    )


_NOTE = (
    "Exact figures follow from shapes or equations, trends are orders or bounds. What is published "
    "needs what is not here, and is compared with nothing. Recalled ones were not checked against "
    "their source."
)


def _record(paper: Paper) -> Mapping[str, Cell]:
    counts = Counter(map(_how, paper.figures))
    return {
        "paper": paper.name,
        "title": paper.title,
        "authors": ", ".join(paper.authors),
        "venue": paper.venue,
        "year": paper.year,
        "brings": paper.brings,
        "open_first": paper.open_first,
        "state": paper.state,
        "figures": len(paper.figures),
        **{how: counts[how] for how in CHECKS},
    }


def _checks(found: tuple[Paper, ...]) -> Iterator[Mapping[str, Cell]]:
    for how in CHECKS:
        for paper in found:
            count = sum(_how(each) == how for each in paper.figures)
            yield {"paper": paper.name, "how": how, "figures": count}


def _bars(checks: Table) -> Figure:
    from dlscope.reporting.stacked_bars import stacked_bars

    return stacked_bars(checks, ["paper"], "how", "figures", title="Figures of each paper")


def _how(figure: PaperFigure) -> str:
    if figure.test:
        return "tested"
    return "measured" if figure.script else "published"


def _idea(idea: Idea) -> Mapping[str, Cell]:
    here = _LINK.sub(r"\1", idea.here).replace("`", "")
    return {"idea": idea.idea, "state": idea.state, "here": here, "test": idea.test}


def _figure(figure: PaperFigure) -> Mapping[str, Cell]:
    has_number = figure.expected is not None
    return {
        "figure": figure.name,
        "what": figure.what,
        "published": shown_value(figure),
        "expected": figure.expected,
        "tolerance": figure.tolerance if has_number else None,
        "here": figure.here,
        "kind": figure.kind,
        "source": figure.source,
        "confidence": figure.confidence,
        "checked_by": checked_by(figure),
        "needs": figure.needs or None,
    }
