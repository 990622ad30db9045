from __future__ import annotations

from dlscope.api.closed_loop.parts import HandOver, Part
from dlscope.api.closed_loop.telling import loop_report
from dlscope.core.report import Figure, Finding, Prose, Report, Section
from dlscope.core.table import Column, Table

NUMBER = (Column("model", "str", "model", role="id"), Column("ns", "int", "time", "ns", "value"))


def part(name: str, *hand_overs: HandOver, warnings: tuple[str, ...] = ()) -> Part:
    table = Table("bounds", NUMBER, ((name, 5),), "Bounds")
    report = Report(
        title=name,
        answer=f"{name} is known.",
        tables=(table,),
        findings=(Finding("good", f"{name} is fast", "bounds", (0,)),),
        sections=(Section("It", (Prose("so"), Figure("dots", "Dots", {}, "bounds"))),),
        runs=(name,),
        warnings=warnings,
    )
    return Part(name, f"What of {name}?", "", "bounds", f"dlscope {name}", report, hand_overs, 30.0)


def test_every_number_handed_over_is_a_row_and_the_answer_counts_the_close_ones() -> None:
    close = HandOver("time", "composition", "the model", 10.0, 9.0, "ms")
    far = HandOver("saving", "advice", "the model", 2.0, 1.0, "ms")
    report = loop_report([part("first", close), part("second", far)])
    rows = list(report.table("hand_overs"))
    assert [(row["part"], row["quantity"], row["ratio"]) for row in rows] == [
        ("first", "time", 10 / 9),
        ("second", "saving", 2.0),
    ]
    assert report.answer == (
        "1 of 2 numbers that one part predicted were within 15 % of what another measured. "
        "It took 1.00 min."
    )


def test_tables_of_one_name_are_told_apart_and_figures_and_findings_follow() -> None:
    again = HandOver("time", "composition", "the model", 1.0, 1.0, "ms")
    report = loop_report([part("bound", again), part("bound the new network")])
    assert [dict(row)["model"] for row in report.table("bounds")] == ["bound"]
    (row,) = report.table("bound_the_new_network_bounds")
    assert row["model"] == "bound the new network"
    assert [each.evidence for each in report.findings] == ["bounds", "bound_the_new_network_bounds"]
    figures = [
        block for section in report.sections for block in section.blocks
        if isinstance(block, Figure)
    ]  # fmt: skip
    names = {table.name for table in report.tables}
    assert {each.table for each in figures} <= names
    assert len({each.name for each in figures}) == len(figures)


def test_warnings_name_their_part_and_runs_are_kept() -> None:
    close = HandOver("time", "composition", "the model", 1.0, 1.0, "ms")
    report = loop_report([part("first", close, warnings=("it was loud",)), part("second")])
    assert report.warnings == ("first: it was loud",)
    assert report.runs == ("first", "second")
    assert [row["part"] for row in report.table("loop")] == ["first", "second"]
