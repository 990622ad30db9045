from __future__ import annotations

from dataclasses import replace

from search_sample import sample

from dlscope.core import registry
from dlscope.core.manifest import RequirementsManifest
from dlscope.core.report import Figure
from dlscope.methods.codesign.tables import search_table
from dlscope.methods.codesign.telling.search_report import search_report


def asked(**limits) -> RequirementsManifest:
    return RequirementsManifest.model_validate(
        {"kind": "requirements", "schema_version": 1, "name": "asked", **limits}
    )


def titles(report) -> list[str]:
    return [section.title for section in report.sections]


def figures(report) -> list[str]:
    blocks = [block for section in report.sections for block in section.blocks]
    return [block.title for block in blocks if isinstance(block, Figure)]


def test_the_answer_is_error_and_time_with_the_requirements() -> None:
    report = search_report(sample(), asked(latency_ms=9, fps=200, energy_j=1))
    assert report.answer == (
        "25.0 % error [24.0 %, 26.0 %] at 8.00 ms a result, 1 of 3 requirements met, 1 not "
        "measured. Network and implementation were searched together."
    )


def test_every_table_that_the_search_has_is_a_section() -> None:
    assert titles(search_report(sample(), asked(fps=1))) == [
        "Requirements",
        "Pareto front",
        "Resources of the chosen design",
        "Search trajectory",
        "Choice probabilities θ",
        "Stages",
        "Predicted against measured",
        "Baselines at equal budget",
        "How this was searched",
    ]
    lean = search_report(sample(without=("stages", "resources", "predicted", "baselines")))
    assert titles(lean) == [
        "Pareto front",
        "Search trajectory",
        "Choice probabilities θ",
        "How this was searched",
    ]


def test_what_was_asked_for_comes_first() -> None:
    assert titles(search_report(sample()))[0] == "Pareto front"
    assert titles(search_report(sample(), first="predicted"))[:2] == [
        "Predicted against measured",
        "Pareto front",
    ]


def test_designs_without_an_error_have_a_figure_by_their_estimate() -> None:
    assert figures(search_report(sample()))[:2] == [
        "Error against time per result",
        "Estimated loss of all designs",
    ]


def test_bits_have_a_map_of_the_operations_that_were_chosen() -> None:
    rows = [
        {"block": block, "operation": operation, "precision": bits, "probability": 0.5}
        for block in (1, 2)
        for operation in ("skip", "conv_k3")
        for bits in ("4 bit", "8 bit")
    ]
    chosen = [{**row, "is_chosen": row["precision"] == "4 bit"} for row in rows]
    tables = {**sample().tables, "precisions": search_table("precisions", chosen)}
    title = "Bits of the operations that were chosen"
    assert title in figures(search_report(sample(tables=tables)))
    assert title not in figures(search_report(sample()))


def test_the_front_lists_the_quickest_first() -> None:
    report = search_report(sample())
    front = next(b for b in report.sections[0].blocks if getattr(b, "name", "") == "front")
    assert front.column("design") == ("d2", "d1", "d3")


def test_a_required_rate_is_a_rule_in_the_front() -> None:
    report = search_report(sample(), asked(fps=100))
    spec = str(next(iter(report.sections[1].blocks)).spec)
    assert "required ≤ 10.0 ms" in spec


def test_nothing_that_fits_is_said_first_with_what_can_be_reached() -> None:
    record = sample(
        without=("pareto",),
        status="infeasible",
        design=None,
        facts=(("Target", "1 ms"), ("Smallest reachable", "2.5 ms")),
    )
    report = search_report(record)
    assert report.answer == (
        "Infeasible: no design of tiny on zcu102:recursive meets what was asked "
        "(target 1 ms; smallest reachable 2.5 ms)."
    )
    assert report.findings[0].sign == "bad"
    assert report.findings[0].claim == (
        "there is no front and no design: the search ended before it began to train, since nothing "
        "meets the target"
    )
    assert report.findings[0].advice == (
        "allow more than 2.5 ms (--target-latency), or take a larger board"
    )
    assert report.next_commands == ()


def test_nothing_that_fits_is_told_without_an_empty_table() -> None:
    record = sample(tables={}, status="infeasible", design=None, facts=())
    told = registry.load("renderers", "text")().report(search_report(record))
    assert "no rows" not in told
    assert "allow more time per result (--target-latency), or take a larger board" in told


def test_a_short_budget_is_told() -> None:
    answer = search_report(sample(status="budget_limited")).answer
    assert answer.endswith("The budget was too small for a whole search.")


def test_every_face_draws_it() -> None:
    report = search_report(sample(), asked(fps=200), command="dlscope codesign show s-1")
    for face in ("text", "markdown", "html", "json", "csv"):
        drawn = registry.load("renderers", face)().report(report)
        assert drawn
        assert 'class="problem"' not in drawn


def test_an_empty_record_is_a_report() -> None:
    empty = sample(tables={}, design=None)
    assert titles(search_report(empty)) == ["How this was searched"]


def test_what_comes_next_depends_on_the_device() -> None:
    def commands(device: str, **more) -> list[str]:
        record = replace(sample(**more), run="ab12", device=device, design="d1")
        found = search_report(record).next_commands
        return [command.removeprefix("dlscope codesign ") for command, _ in found]

    last = ["emit ab12 --to onnx", "report ab12"]
    assert commands("zc706:pipelined") == ["emit ab12 --to cpp", *last]
    assert commands("bitfusion:4096@500") == last
    assert commands("local:cpu") == last
    assert commands("local:cpu", without=("predicted",)) == ["measure ab12", *last]
