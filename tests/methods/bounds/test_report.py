from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import (
    bricks_of,
    costs_of,
    forked,
    only,
    results_of,
    whole_result,
    without,
)

from dlscope.methods.bounds.analysis import missing_layers, model_bounds
from dlscope.methods.bounds.measured_costs import MeasuredCosts
from dlscope.methods.bounds.model_analysis import ModelAnalysis
from dlscope.methods.bounds.report import bounds_report
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})
OPENVINO_SETUP = Setup("openvino")


@pytest.fixture
def analysis(tmp_path: Path) -> ModelAnalysis:
    """Measured: the baseline 480, OpenVINO 150, LRN elsewhere 200 µs."""
    model = forked(tmp_path)
    measured = [
        whole_result(model, DISABLED, [480_000, 481_000, 479_000]),
        whole_result(model, OPENVINO_SETUP, [150_000, 151_000, 149_000]),
        whole_result(model, DISABLED.with_layers_in("LRN", "openvino"), [200_000] * 3),
    ]
    return ModelAnalysis(model_bounds(model, costs_of(model)), DISABLED, tuple(measured), cores=2)


def test_the_answer_says_how_far_what_to_do_and_on_what_it_rests(analysis) -> None:
    report = bounds_report([analysis])
    assert report.title == "forked: how far from possible?"
    assert report.answer == (
        "onnxruntime, graph_optimization=disabled is 4.29× its fused bound, 0.112 ms; to compute "
        "in bfloat16 is predicted to save 0.378 of 0.480 ms. The bound rests on two "
        "implementations or more for 100 % of its time."
    )


def test_bounds_have_a_row_for_each_measured_setup(analysis) -> None:
    rows = list(bounds_report([analysis]).table("bounds"))
    assert [row["backend"] for row in rows] == [
        "onnxruntime, graph_optimization=disabled",
        "openvino",
        "onnxruntime, graph_optimization=disabled, LRN=openvino",
    ]
    first = rows[0]
    names = ("measured_ns", "sequential_ns", "parallel_ns", "fused_ns", "layout_ns", "composed_ns")
    assert [first[name] for name in names] == [480_000, 120_000, 105_000, 112_000, 128_000, 435_000]
    assert first["measured_over_fused"] == pytest.approx(480 / 112)
    assert first["single_source_pct"] == 0.0


def test_advice_has_what_was_predicted_beside_what_was_achieved(analysis) -> None:
    rows = {row["change"]: row for row in bounds_report([analysis]).table("advice")}
    lrn = rows["Replace the implementation of LRN"]
    assert lrn["predicted_saving_ms"] == pytest.approx(0.270 * 480 / 435, abs=1e-4)
    assert lrn["achieved_saving_ms"] == pytest.approx(0.280)
    assert (lrn["status"], lrn["layers"], lrn["where"]) == ("applied", 1, "1 LRN")
    assert rows["Fuse layers"]["status"] == "predicted"
    assert rows["Choose another algorithm for Conv"]["status"] == "not automatic here"
    on_openvino = replace(analysis, baseline=OPENVINO_SETUP)
    rows = {row["change"]: row for row in bounds_report([on_openvino]).table("advice")}
    assert rows["Run the model on torch"]["status"] == "predicted loss: not advised"


def test_a_change_that_failed_says_why(analysis) -> None:
    lrn = DISABLED.with_layers_in("LRN", "openvino")
    failed = whole_result(analysis.bounds.benches, lrn, [], failed="no such kernel")
    report = bounds_report([replace(analysis, measured=(*analysis.measured[:2], failed))])
    rows = {row["change"]: row for row in report.table("advice")}
    assert rows["Replace the implementation of LRN"]["status"] == "failed: no such kernel"
    assert any("no such kernel" in warning for warning in report.warnings)


def test_the_gap_is_told_by_operator_and_adds_up(analysis) -> None:
    rows = {row["operator"]: row for row in bounds_report([analysis]).table("gap_by_operator")}
    assert (rows["LRN"]["used_ns"], rows["LRN"]["bound_ns"]) == (300_000, 30_000)
    assert rows["outside of layers"]["used_ns"] == 45_000
    gap = 480_000 - 112_000
    assert sum(row["gap_ns"] for row in rows.values()) == pytest.approx(gap, abs=5)
    assert sum(row["gap_pct"] for row in rows.values()) == pytest.approx(100, abs=0.1)


def test_layers_have_their_fastest_way_and_the_others(analysis) -> None:
    rows = list(bounds_report([analysis]).table("layers"))
    lrn = rows[2]
    assert (lrn["implementation"], lrn["bound_ns"], lrn["used_ns"]) == ("openvino", 30_000, 300_000)
    assert lrn["alternatives"] == "torch_nchw 0.2 ms, ort 0.3 ms"
    assert [row["on_path"] for row in rows] == [True, True, True, False, True, True]
    assert rows[0]["fused"] == "Conv→Act"
    assert (rows[0]["short_dtype"], rows[0]["short_ns"]) == ("bfloat16", 35_000)


def test_the_ideal_schedule_has_the_path_and_what_runs_beside_it(analysis) -> None:
    rows = list(bounds_report([analysis]).table("critical_path"))
    assert [(row["name"], row["lane"], row["start_ns"]) for row in rows] == [
        ("Conv_0", "critical path", 0),
        ("Relu_1", "critical path", 60_000),
        ("LRN_2", "critical path", 70_000),
        ("MaxPool_3", "beside", 70_000),
        ("Concat_4", "critical path", 100_000),
    ]
    (branches,) = bounds_report([analysis]).table("branch_sets")
    assert (branches["first"], branches["saved_ns"]) == ("MaxPool_3", 15_000)


def test_precision_tells_which_layers_lose(analysis) -> None:
    (row,) = bounds_report([analysis]).table("precision")
    # Conv and Relu gain, LRN loses 1; MaxPool and Concat have no such kernel.
    assert (row["dtype"], row["sequential_ns"]) == ("bfloat16", 91_000)
    assert (row["gaining"], row["losing"], row["unsupported"]) == (2, 1, 2)


def test_layers_much_slower_than_possible_are_named(analysis) -> None:
    report = bounds_report([analysis])
    claims = [finding.claim for finding in report.findings]
    assert "LRN of forked takes 10.0 times as long by ort as by openvino" in claims
    rows = list(report.table("slower_than_bound"))
    assert (rows[0]["layer"], rows[0]["used"], rows[0]["fastest"]) == ("LRN_2", "ort", "openvino")


def test_a_setup_faster_than_its_bound_is_told_and_not_clipped(tmp_path: Path) -> None:
    model = forked(tmp_path)
    costs = costs_of(model, only(lambda way: way[0].startswith("ort")))
    measured = (whole_result(model, DISABLED, [200_000] * 3),)
    report = bounds_report([ModelAnalysis(model_bounds(model, costs), DISABLED, measured)])
    (row,) = report.table("bounds")
    assert row["measured_over_fused"] == pytest.approx(200 / 382)
    found = report.findings[0]
    assert (found.sign, found.evidence) == ("warn", "bounds")
    assert found.claim.startswith("onnxruntime, graph_optimization=disabled runs forked faster")
    assert "one slow implementation of LRN (77 %)" in found.detail
    assert "77 % of the bound of forked is LRN by mlas alone" in [
        each.claim for each in report.findings
    ]


@pytest.mark.parametrize("options", [{"threads": 2}, {"inter_op_threads": 2}])
def test_a_bound_of_one_thread_says_nothing_of_several(tmp_path: Path, options) -> None:
    model = forked(tmp_path)
    costs = costs_of(model, only(lambda way: way[0].startswith("ort")))
    setup = Setup("onnxruntime", options)
    measured = (whole_result(model, setup, [200_000] * 3),)
    report = bounds_report([ModelAnalysis(model_bounds(model, costs), setup, measured)])
    assert [each.claim for each in report.findings if "faster than its" in each.claim] == []


def test_the_next_command_names_the_model_as_it_was_asked_for(tmp_path: Path) -> None:
    model = forked(tmp_path)
    costs = costs_of(model)
    named = {"": "forked", "my nets/forked.onnx": "'my nets/forked.onnx'"}
    for asked, told in named.items():
        bounds = model_bounds(replace(model, asked=asked), costs)
        (first, _), *_ = bounds_report([ModelAnalysis(bounds, Setup("openvino"), ())]).next_commands
        assert first == f"dlscope bound analyze {told} --backend openvino --verify"


def test_predictions_that_were_carried_out_are_counted(analysis) -> None:
    claims = [finding.claim for finding in bounds_report([analysis]).findings]
    assert "2 of 2 predictions were within 25 % of what was achieved" in claims


def test_models_that_lack_layers_have_a_table_of_them(tmp_path: Path) -> None:
    model = forked(tmp_path)
    lacking = {"forked": tuple(missing_layers(model, costs_of(model, without("LRN"))))}
    report = bounds_report([], lacking)
    (row,) = report.table("missing")
    assert (row["layer"], row["type"], row["reasons"]) == ("LRN_2", "LRN", "nothing was measured")
    assert report.answer == "Nothing can be bounded: 1 layers have no measurement."
    assert report.findings[0].claim == ("forked has no bounds: 1 layers have no measurement (LRN)")


def test_a_backend_that_is_not_composed_has_bounds_and_no_advice(tmp_path: Path) -> None:
    model = forked(tmp_path)
    other = Setup("tensorflow")
    measured = (whole_result(model, other, [480_000] * 3),)
    report = bounds_report([ModelAnalysis(model_bounds(model, costs_of(model)), other, measured)])
    (row,) = report.table("bounds")
    assert (row["backend"], row["composed_ns"]) == ("tensorflow", None)
    assert len(report.table("advice")) == 0


def test_batch_sizes_are_set_side_by_side(analysis) -> None:
    graph = replace(
        analysis.bounds.benches.graph,
        inputs=tuple(
            replace(each, shape=(4, *each.shape[1:]))
            for each in analysis.bounds.benches.graph.inputs
        ),
    )
    larger = replace(
        analysis,
        bounds=replace(analysis.bounds, benches=replace(analysis.bounds.benches, graph=graph)),
    )
    rows = list(bounds_report([analysis, larger]).table("batches"))
    assert [(row["batch_size"], row["sequential_per_input_ns"]) for row in rows] == [
        (1, 120_000),
        (4, 30_000),
    ]
    assert [row["bound_knee"] for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("strategy", "column", "table"),
    [("sequential", "parallel_ns", "critical_path"), ("parallel", "fused_ns", "fusion_patterns")],
)
def test_one_strategy_leaves_the_others_bounds_out(analysis, strategy, column, table) -> None:
    report = bounds_report([analysis], strategy=strategy)
    assert column not in report.table("bounds")
    assert table not in {each.name for each in report.tables}


def test_disturbed_measurements_are_warned_of(analysis) -> None:
    first = analysis.measured[0]
    disturbed = replace(first, extra={**first.extra, "calm": [False] * 3})
    report = bounds_report([replace(analysis, measured=(disturbed,))])
    assert report.warnings == (
        "forked: other work held whole models up while they were measured; ratios to bounds are "
        "too high",
    )


def test_the_same_analysis_gives_the_same_report(analysis) -> None:
    first, second = (bounds_report([analysis], is_drawn=True) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert first.attachments == second.attachments
    assert set(first.attachments) == {"forked.dot", "forked.svg"}


@pytest.mark.slow
def test_every_figure_can_be_drawn(analysis, tmp_path: Path) -> None:
    bounds_report([analysis]).write(str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") >= 3


def test_evidence_names_results(analysis) -> None:
    (cost,) = (cost for cost in analysis.bounds.costed.by_id[2].costs if cost.source == "onednn")
    rows = {row["change"]: row for row in bounds_report([analysis]).table("advice")}
    assert rows["Replace the implementation of LRN"]["evidence"] == cost.evidence[:12]


def test_what_was_measured_beside_other_work_is_told(tmp_path: Path) -> None:
    model = forked(tmp_path)
    results = [
        replace(each, extra={**each.extra, "waited_pct": 60.0})
        for each in results_of(bricks_of(model))
    ]
    bounds = model_bounds(model, MeasuredCosts(results))
    told = replace(bounds, threaded={2: bounds})
    assert bounds_report([ModelAnalysis(told, DISABLED)]).warnings == (
        "forked: other work held the core while 4 of 4 steps of the bound were measured; "
        "try --refresh",
        "forked: other work held the core while 4 of 4 steps of the bound on 2 cores were "
        "measured; try --refresh",
    )
