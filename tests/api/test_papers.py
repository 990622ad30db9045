from __future__ import annotations

import pytest

from dlscope import api
from dlscope.api.papers import CHECKS, TABLES, checked_by, shown_value
from dlscope.catalog.paper import paper, papers
from dlscope.core.errors import ManifestError


def test_every_paper_has_a_row_and_every_figure_is_counted_once() -> None:
    table = api.papers().table("papers")
    assert table.column("paper") == tuple(papers())
    for row in table:
        assert row["figures"] == len(papers()[str(row["paper"])].figures)
        assert row["figures"] == sum(int(str(row[how])) for how in CHECKS)


def test_the_answer_adds_up() -> None:
    report = api.papers()
    table = report.table("papers")
    total, *parts = (sum(map(int, map(str, table.column(n)))) for n in ("figures", *CHECKS))
    assert report.answer == (
        f"11 papers, {total} figures: {parts[0]} compared by tests, {parts[1]} with stored "
        f"measurements, {parts[2]} not checked here, each with the reason."
    )
    assert sum(map(int, map(str, report.table("checks").column("figures")))) == total


@pytest.mark.parametrize("name", papers())
def test_one_paper_has_its_ideas_and_figures(name: str) -> None:
    report = api.papers(name)
    assert report.table("ideas").column("idea") == tuple(i.idea for i in paper(name).ideas)
    assert report.table("figures").column("figure") == tuple(f.name for f in paper(name).figures)
    assert report.command == f"dlscope papers {name}"


def test_links_of_the_docs_are_words_in_a_table() -> None:
    here = [
        str(cell) for name in papers() for cell in api.papers(name).table("ideas").column("here")
    ]
    assert [cell for cell in here if "](" in cell or "`" in cell] == []


def test_tables_have_the_columns_that_are_documented() -> None:
    for report in (api.papers(), api.papers("edd")):
        for table in report.tables:
            assert table.columns == TABLES[table.name]


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(ManifestError, match="'eddd' is not a paper of the list"):
        api.papers("eddd")


@pytest.mark.parametrize(
    ("name", "figure", "shown"),
    [
        ("skynet", "parameters_a", "309,057"),
        ("dlbricks", "benchmarking_speed_up", "≥ 4.4 ×"),
        ("benanza", "resnet50_on_v100", "4.58 ms"),
        ("edd", "emitted_integers", "0"),
        ("xsp", "same_work_everywhere", ""),
    ],
)
def test_a_value_is_shown_with_relation_and_unit(name: str, figure: str, shown: str) -> None:
    (found,) = (each for each in paper(name).figures if each.name == figure)
    assert shown_value(found) == shown


def test_a_check_is_a_test_or_a_script_with_the_place_of_its_result() -> None:
    by_name = {each.name: each for each in paper("dlbricks").figures}
    assert checked_by(by_name["deeper_networks_add_little"]) == (
        "tests/papers/test_dlbricks.py::test_figure"
    )
    assert checked_by(by_name["benchmarking_speed_up"]) == (
        "benchmarks/bricks.py: suites/executed-1/speedup/0/speedup"
    )
    assert checked_by(by_name["layers"]) == ""
