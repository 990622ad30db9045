from __future__ import annotations

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
    assert finding.detail == "on 2 items, max |Δ| 0e+00 of max |ref|"


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
