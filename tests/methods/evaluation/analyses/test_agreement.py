from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.agreement import Agreement
from dlscope.testing.analyses import example_run

COLUMNS = (
    *("baseline", "backend", "n", "top_1_agreement", "max_abs_difference", "max_abs_reference"),
    *("relative_difference", "agrees", "differing"),
)


def compared(*runs, baseline: str | None = None):
    analysis = Agreement(baseline)
    table = analysis.table(runs)
    return table, analysis.findings(table)


def test_finds_equal_answers_equal(text) -> None:
    table, (finding,) = compared(
        example_run("r-1"),
        example_run("r-2", framework="torch"),
        example_run("r-3", framework="openvino"),
    )
    assert (
        text(table, *COLUMNS)
        == """
baseline     backend   n  top_1_agreement  max_abs_difference  max_abs_reference  relative_difference  agrees  differing
onnxruntime  openvino  3  1                0                   4                  0                    True    –
onnxruntime  torch     3  1                0                   4                  0                    True    –
"""  # noqa: E501
    )
    assert finding.claim == "All give the same answers"
    assert (finding.sign, finding.rows) == ("good", (0, 1))


def test_names_the_items_on_which_frameworks_diverge(text) -> None:
    table, (finding,) = compared(
        example_run("r-1"), example_run("r-2", framework="torch", answers=(0, 2, 0))
    )
    assert (
        text(table, *COLUMNS)
        == """
baseline     backend  n  top_1_agreement  max_abs_difference  max_abs_reference  relative_difference  agrees  differing
onnxruntime  torch    3  0.3333           4                   4                  1                    False   item-1, item-2
"""  # noqa: E501
    )
    assert finding.claim == "torch does not compute the same tiny as onnxruntime"
    assert finding.detail == (
        "top-1 100.0 % → 33.3 %; "
        "largest difference 1.0e+00 of max|ref|, 10000× the tolerance; "
        "first differing items: item-1, item-2"
    )
    assert (finding.sign, finding.evidence, finding.rows) == ("warn", "agreement", (0,))


def test_takes_the_baseline_asked_for_then_the_oracle_then_the_first_name() -> None:
    runs = [example_run(f"r-{name}", framework=name) for name in ("torch", "reference", "openvino")]
    assert set(compared(*runs, baseline="torch")[0].column("baseline")) == {"torch"}
    assert set(compared(*runs)[0].column("baseline")) == {"reference"}
    assert set(compared(runs[0], runs[2])[0].column("baseline")) == {"openvino"}


def test_an_item_that_fails_on_one_framework_alone_is_a_divergence() -> None:
    table, (finding,) = compared(
        example_run("r-1"), example_run("r-2", framework="torch", answers=(0, 1, None))
    )
    assert table.column("agrees") == (False,)
    assert finding.detail.endswith("first differing items: item-2")


def test_an_item_that_fails_on_both_says_nothing_about_the_frameworks(text) -> None:
    answers = (0, None, 2)
    table, (finding,) = compared(
        example_run("r-1", answers=answers), example_run("r-2", framework="torch", answers=answers)
    )
    assert (
        text(table, "n", "top_1_agreement", "agrees", "differing")
        == """
n  top_1_agreement  agrees  differing
2  1                True    –
"""
    )
    assert finding.detail == "on 2 items, max |Δ| 0 of max |ref|"


def test_claims_nothing_where_nothing_was_answered(text) -> None:
    answers = (None, None)
    table, (finding,) = compared(
        example_run("r-1", answers=answers), example_run("r-2", framework="torch", answers=answers)
    )
    assert (
        text(table, "backend", "n", "top_1_agreement", "relative_difference", "agrees")
        == """
backend  n  top_1_agreement  relative_difference  agrees
torch    0  –                –                    –
"""
    )
    assert finding.claim == "torch and onnxruntime cannot be compared on tiny"


def test_holds_no_model_against_another() -> None:
    table, findings = compared(
        example_run("r-1", model="a"), example_run("r-2", model="b", framework="torch")
    )
    assert (len(table), findings) == (0, ())


def test_a_framework_that_failed_has_a_row_that_says_why(text) -> None:
    table, (finding,) = compared(
        example_run("r-1", framework="mock", status="failed", answers=(), latencies_ns=()),
        example_run("r-2", framework="torch"),
    )
    assert (
        text(table, "baseline", "backend", "n", "agrees", "reason")
        == """
baseline  backend  n  agrees  reason
torch     mock     0  –       the graph is cut off
"""
    )
    assert finding.claim == "mock and torch cannot be compared on tiny"
    assert (finding.sign, finding.detail) == ("note", "the graph is cut off")


def test_999_of_1000_best_classes_agree_and_998_do_not() -> None:
    right = tuple(n % 10 for n in range(1000))

    def against(wrong: int):
        answers = tuple((n + 1) % 10 if n < wrong else n % 10 for n in range(1000))
        runs = [example_run("r-1", answers=right), example_run("r-2", answers=answers)]
        quiet = [without_outputs(run) for run in runs]
        torch = quiet[1].plan.framework.model_copy(update={"name": "torch"})
        plan = quiet[1].plan.model_copy(update={"framework": torch})
        return compared(quiet[0], dataclasses.replace(quiet[1], plan=plan))

    table, _ = against(1)
    assert table.column("agrees") == (True,)
    table, (finding,) = against(2)
    assert table.column("agrees") == (False,)
    assert "first differing items: item-0, item-1" in finding.detail


def without_outputs(run):
    items = tuple(dataclasses.replace(item, outputs={}) for item in run.items)
    return dataclasses.replace(run, items=items)
