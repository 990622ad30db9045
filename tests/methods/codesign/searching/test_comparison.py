from __future__ import annotations

import pytest

from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.searching.comparison import comparison_report
from dlscope.methods.codesign.tables import search_table


def record(
    run: str, *designs: tuple[float, float], device: str = "zc706:pipelined"
) -> SearchRecord:
    rows = [
        {
            "design": f"{run}{place}",
            "interval_ns": time_ns,
            "error": error,
            "is_trained": True,
            "is_chosen": place == 0,
        }
        for place, (error, time_ns) in enumerate(designs)
    ]
    return SearchRecord(
        title=run,
        space="small",
        device=device,
        seed=0,
        status="done" if designs else "infeasible",
        design=f"{run}0" if designs else None,
        run=run,
        tables={"pareto": search_table("pareto", rows)},
    )


def test_areas_are_shares_of_one_box() -> None:
    report = comparison_report([record("a", (0.1, 10.0), (0.5, 5.0)), record("b", (0.5, 10.0))])
    table = report.table("searches")
    # the box: 0.55 by 11
    area = (0.55 - 0.1) * (11 - 10) + (0.55 - 0.5) * (10 - 5)
    assert table.column("hypervolume") == pytest.approx((area / 6.05, 0.05 / 6.05))
    assert table.column("error") == (0.1, 0.5)
    assert report.answer == "2 searches; a dominates the most: 0.116 of the box"


def test_a_search_that_found_nothing_has_no_area() -> None:
    report = comparison_report([record("a"), record("b")])
    assert report.table("searches").column("hypervolume") == (None, None)
    assert report.answer == "2 searches, none found a design"


def test_different_devices_are_warned_of() -> None:
    other = record("b", (0.1, 1.0), device="local:cpu")
    report = comparison_report([record("a", (0.1, 1.0)), other])
    assert report.warnings == ("the searches are of different devices: local:cpu, zc706:pipelined",)


def test_what_was_trained_is_drawn_with_the_front_of_the_best() -> None:
    report = comparison_report([record("a", (0.5, 10.0)), record("b", (0.1, 10.0), (0.5, 5.0))])
    trained = report.table("trained_designs")
    assert trained.column("search") == ("a", "b", "b")
    (figure,) = report.sections[0].blocks
    assert figure.table == "trained_designs"
    assert "b, trained" in str(figure.spec) or "'b'" in str(figure.spec)
    assert [each.title for each in comparison_report([record("a")]).sections] == ["Searches"]
