from __future__ import annotations

import dataclasses
from typing import Any

from dlscope.core.errors import PlanError
from dlscope.core.run import Run
from dlscope.methods.evaluation.planning import Refusal
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.methods.evaluation.variants import Variant
from dlscope.testing.analyses import example_run, example_runs, on_machine

ALWAYS = ["models", "accuracy", "latency", "stages", "validity", "failures", "mistakes"]
TEN = tuple(range(10))


def tables(*runs) -> list[str]:
    """The tables that stand in no other report than this."""
    names = [table.name for table in evaluation_report(runs).tables]
    assert names[: len(ALWAYS)] == ALWAYS
    assert names[-1] == "refused"
    return names[len(ALWAYS) : -1]


def test_tables_enter_where_they_have_something_to_say() -> None:
    bare = dataclasses.replace(example_run("r-1"), stages=())
    assert tables(bare) == []
    assert tables(example_run("r-1")) == ["cold_start"]
    assert tables(bare, dataclasses.replace(bare, id="r-2")) == []


def test_frameworks_bring_their_agreement_and_models_what_they_trade() -> None:
    runs = [example_run("r-1"), example_run("r-2", framework="torch")]
    assert tables(*runs) == ["agreement", "cold_start"]
    runs = [example_run("r-1"), example_run("r-2", model="b")]
    assert tables(*runs) == ["trade_off", "cold_start"]


def test_batches_bring_scalability_and_machines_their_comparison() -> None:
    runs = [example_run("r-1"), example_run("r-2", batch_size=2)]
    assert tables(*runs) == ["scalability", "cold_start"]
    runs = [example_run("r-1"), on_machine(example_run("r-2"), "rack")]
    assert tables(*runs) == ["systems", "speed_up", "cold_start"]
    priced = on_machine(example_run("r-1"), "lab", price_per_hour=1.0)
    assert tables(priced) == ["systems", "cold_start"]


def test_a_search_brings_its_trials() -> None:
    assert tables(example_run("r-1", mode="find_peak")) == ["peak", "cold_start"]


def test_a_later_version_brings_the_regression_and_a_claim_what_was_claimed() -> None:
    run = example_run("r-2")
    framework = run.plan.framework.model_copy(update={"version": "0.4.0"})
    later = dataclasses.replace(run, plan=run.plan.model_copy(update={"framework": framework}))
    assert "regression" in tables(example_run("r-1"), later)
    model = run.plan.model.model_copy(update={"reference": {"accuracy": {"top_1": 0.5}}})
    claiming = dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))
    assert tables(claiming) == ["claims", "cold_start"]


def test_identical_models_are_told_and_different_ones_are_not() -> None:
    a, b = (example_run(f"r-{name}", model=name, answers=TEN) for name in "ab")
    assert "identical" in tables(a, b)
    c = example_run("r-c", model="c", answers=(1, *TEN[1:]))
    assert "identical" not in tables(a, c)


def test_variants_are_evidence_for_the_declaration_and_enter_no_other_table() -> None:
    run = example_run("r-1", answers=(0, 0, 0, 0, 4, 5, 6, 7, 8, 9))
    model = Variant("colour order", "BGR", "RGB", "set it to RGB").marked(run.plan.model)
    right = example_run("r-2", answers=TEN)
    variant = dataclasses.replace(right, plan=run.plan.model_copy(update={"model": model}))
    report = evaluation_report([run, variant])
    assert report.runs == ("r-1", "r-2")
    assert report.table("models").column("right") == ("7/10",)
    assert report.table("declaration").column("run")[-1] == "r-2"
    assert set(report.table("latency").column("run")) == {"r-1"}


def test_a_suspect_run_brings_the_declaration_and_a_right_one_does_not() -> None:
    assert "declaration" in tables(example_run("r-1", answers=(*TEN[1:], 0)))
    assert "declaration" not in tables(example_run("r-1", answers=TEN))


def test_findings_stand_in_the_order_of_their_signs() -> None:
    signs = [finding.sign for finding in evaluation_report(example_runs()).findings]
    assert signs == sorted(signs, key=("bad", "warn", "good", "note").index)
    assert len(set(signs)) == 4


def test_what_was_refused_is_a_table_and_a_finding() -> None:
    error = PlanError("tvm cannot run it", where="here", fix="export it as ONNX")
    report = evaluation_report([example_run("r-1")], [Refusal("tiny", "tvm", error)])
    assert report.table("refused").rows == (
        ("tiny", "tvm", "tvm cannot run it", "export it as ONNX"),
    )
    (finding,) = (each for each in report.findings if each.evidence == "refused")
    assert finding.claim == "tiny was not measured on tvm"
    assert finding.detail == "tvm cannot run it; export it as ONNX"


def test_warns_of_what_must_not_be_compared() -> None:
    runs = [example_run("r-1"), example_run("r-2", pipeline="stream")]
    assert evaluation_report(runs).warnings == (
        "latencies of pipeline modes preloaded, stream contain different work: do not compare them",
    )
    runs = [example_run("r-1"), on_machine(example_run("r-2"), "rack")]
    assert evaluation_report(runs).warnings == ("the runs were made in different environments",)


def test_says_how_to_read_the_same_as_a_page() -> None:
    runs = [example_run(f"r-{n}", repeat=n) for n in range(5)]
    assert evaluation_report(runs[:4]).next_commands == (
        ("dlscope report r-0 r-1 r-2 r-3 --format html", "all of this as one page"),
    )
    assert evaluation_report(runs).next_commands == (
        ("dlscope evaluate … --format html", "the same as one page, nothing anew"),
    )
    assert evaluation_report([]).next_commands == ()


def test_the_same_runs_give_the_same_report() -> None:
    runs = list(example_runs())
    report = evaluation_report(runs)
    assert report.created_utc == "2026-03-01T12:00:00.000Z"
    again = evaluation_report(runs)
    assert [table.digest for table in again.tables] == [table.digest for table in report.tables]
    assert again.findings == report.findings


def test_no_runs_are_a_report_too() -> None:
    report = evaluation_report([])
    assert (report.title, report.answer) == ("No runs", "Nothing was measured.")


def test_a_study_of_steps_is_proposed_where_answers_are_scored() -> None:
    def of_images(run: Run, **changes: Any) -> Run:
        (spec,) = run.plan.model.inputs
        inputs = (spec.model_copy(update={"type": "image"}),)
        plan = run.plan.model_copy(
            update={"model": run.plan.model.model_copy(update={"inputs": inputs})}
        )
        return dataclasses.replace(run, plan=plan, **changes)

    study = ("dlscope study preprocessing tiny", "what a wrong step would cost")
    scored = of_images(example_run("r-1"))
    assert study in evaluation_report([scored]).next_commands
    assert study not in evaluation_report([of_images(scored, metrics=())]).next_commands
