from __future__ import annotations

import pytest
from starlette.requests import Request

from dlscope.core.report import Facts, Finding, Picture, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.web.drawings import Drawings
from dlscope.web.page_parts import Frame, Parts, ShownSection, in_rows
from dlscope.web.queries import Query

SLIM = Table("slim", (Column("a", "str", "a name"), Column("b", "int", "a number")), (("x", 1),))
WIDE = Table("wide", tuple(Column(f"c{n}", "int", "a number") for n in range(12)))
BESIDE = Table(
    "side_by_side",
    (Column("metric", "str", "what"), Column("r-1", "str", "tiny, onnxruntime 1.0")),
    (("p50", "1.2"),),
)
PICTURE = Picture("seen", "Seen", b"\x89PNG", "a square")


@pytest.fixture
def query() -> Query:
    scope = {"type": "http", "path": "/runs/r-1", "query_string": b"", "headers": []}
    return Query(Request(scope), ())


def parts(query: Query, *sections: Section, findings: tuple[Finding, ...] = ()) -> Parts:
    report = Report(
        "T", "A.", (SLIM, WIDE, BESIDE), findings=findings, sections=sections, runs=("r-1",)
    )
    return Parts(Drawings(), query, report, Frame())


def shown(query: Query, *sections: Section) -> list[ShownSection]:
    made = parts(query, *sections)
    return [made.section(each, f"s{n}") for n, each in enumerate(sections)]


def test_slim_tables_that_follow_one_another_share_a_row(query: Query) -> None:
    sections = shown(
        query,
        Section("1", (SLIM,)),
        Section("2", (SLIM,)),
        Section("3", (WIDE,)),
        Section("4", (SLIM,)),
    )
    rows = [[each.title for each in row] for row in in_rows(sections)]
    assert rows == [["1", "2"], ["3"], ["4"]]


def test_pictures_that_follow_one_another_are_one_block(query: Query) -> None:
    (section,) = shown(query, Section("Seen", (PICTURE, PICTURE, Prose("said"), PICTURE)))
    assert [(block.kind, len(block.value)) for block in section.blocks[:2]] == [
        ("pictures", 2),
        ("prose", 4),
    ]


def test_facts_are_pairs_of_plain_words(query: Query) -> None:
    (section,) = shown(query, Section("Facts", (Facts((("CPU", "Zen 4"),)),)))
    assert section.blocks[0].value == [("CPU", "Zen 4")]


def test_under_the_id_of_a_run_stands_what_it_is(query: Query) -> None:
    (section,) = shown(query, Section("Side by side", (BESIDE,)))
    heads = section.blocks[0].value.view.heads
    assert [(head.text, head.unit) for head in heads] == [
        ("metric", ""),
        ("r-1", "tiny, onnxruntime 1.0"),
    ]


def test_findings_lead_to_the_table_that_is_drawn(query: Query) -> None:
    findings = (Finding("warn", "a claim", "slim"), Finding("note", "another", "wide"))
    made = parts(query, Section("1", (SLIM,)), findings=findings)
    made.section(Section("1", (SLIM,)), "s1")
    assert [view.href for view in made.findings()] == ["#t1", ""]
