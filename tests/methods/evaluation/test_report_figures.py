from __future__ import annotations

import dataclasses

from dlscope.core import registry
from dlscope.core.run import Metric, Probe
from dlscope.methods.evaluation.report_figures import (
    batch_figures,
    latency_figures,
    peak_figures,
    speed_up_figures,
    stage_figures,
    start_figures,
    trade_off_figures,
)
from dlscope.testing.analyses import example_run, on_machine


def tables(*runs):
    names = ("models", "latency", "scalability")
    return {name: table(name, *runs) for name in names}


def table(name: str, *runs):
    return registry.load("analyses", name)().table(runs)


def values(figure):
    return figure.spec["data"]["values"]


def names(figure) -> list[str]:
    return [each["name"] for each in values(figure)]


def test_one_run_has_its_distribution_and_its_order() -> None:
    run = example_run("r-1")
    found = latency_figures(tables(run), [run])
    assert [figure.name for figure in found] == ["latency_histogram", "latency_run_order"]


def test_several_runs_have_a_dot_each_named_by_what_tells_them_apart() -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", framework="torch"),
        example_run("r-3", model="other"),
    ]
    (figure,) = latency_figures(tables(*runs), runs)
    assert (figure.table, figure.title) == ("latency", "Mean latency of a query")
    assert names(figure) == ["other · onnxruntime", "tiny · onnxruntime", "tiny · torch"]


def test_a_sweep_has_dots_of_single_items_only() -> None:
    runs = [example_run("r-1"), example_run("r-2", batch_size=2), example_run("r-3", model="b")]
    (figure,) = latency_figures(tables(*runs), runs)
    assert (figure.table, names(figure)) == ("models", ["b", "tiny"])


def test_runs_without_queries_have_no_figure() -> None:
    run = example_run("r-1", latencies_ns=(), mode="accuracy")
    assert latency_figures(tables(run), [run]) == ()
    batches = [example_run(f"r-{n}", batch_size=n) for n in (2, 4)]
    assert latency_figures(tables(*batches), batches) == ()


def test_a_sweep_is_drawn_as_lines_and_as_a_heat_map() -> None:
    runs = [example_run(f"r-{n}", batch_size=n) for n in (1, 2)]
    rates, gains = batch_figures(tables(*runs), runs)
    assert (rates.name, gains.name) == ("latency_lines", "scalability_heat_map")
    assert {each["series"] for each in values(rates)} == {"onnxruntime"}
    assert [each["text"] for each in values(gains)] == ["1.00", "2.00"]


def test_repeats_are_drawn_by_their_median() -> None:
    runs = [example_run(f"r-{n}", batch_size=n, repeat=n) for n in (1, 2)]
    rates, _ = batch_figures(tables(*runs), runs)
    assert rates.table == "scalability"


def test_models_and_machines_have_a_panel_each() -> None:
    runs = [
        on_machine(example_run(f"r-{name}-{n}", batch_size=n), name)
        for name in ("a", "b")
        for n in (1, 2)
    ]
    rates, _ = batch_figures(tables(*runs), runs)
    assert {each["panel"] for each in values(rates)} == {"a", "b"}
    runs += [example_run("r-9", model="other")]
    rates, _ = batch_figures(tables(*runs), runs)
    assert {each["panel"] for each in values(rates)} == {"tiny · a", "tiny · b", "other · lab"}


def test_accuracy_is_drawn_against_latency_and_throughput() -> None:
    runs = [example_run("r-1"), example_run("r-2", model="b", answers=(0, 0, 0))]
    found = trade_off_figures(table("trade_off", *runs))
    assert [figure.title for figure in found] == [
        "Accuracy against latency",
        "Accuracy against throughput",
    ]
    assert [each["size"] for each in values(found[0])] == [4.0, 4.0]
    offered = example_run("r-3", type="server", name="server")
    assert [f.title for f in trade_off_figures(table("trade_off", offered))] == [
        "Accuracy against latency"
    ]


def test_accuracies_of_different_kinds_share_no_figure() -> None:
    wer = dataclasses.replace(
        example_run("r-2", model="b"), metrics=(Metric("wer", 0.1, None, None, 9),)
    )
    assert trade_off_figures(table("trade_off", example_run("r-1"), wer)) == ()


def test_a_search_for_the_peak_is_drawn_with_its_bound() -> None:
    run = example_run("r-1", mode="find_peak", latency_bound_ms=10.0)
    probe = Probe(100.0, 3, 50, 2_000_000, 900, holds=True)
    searched = dataclasses.replace(run, probes=(probe,))
    (figure,) = peak_figures(table("peak", searched))
    assert values(figure)[0]["bound"] == 10.0
    assert peak_figures(table("peak", run)) == ()


def test_the_matrix_of_machines_has_a_cell_for_each_pair() -> None:
    runs = [on_machine(example_run(f"r-{name}"), name) for name in ("a", "b")]
    (figure,) = speed_up_figures(table("speed_up", *runs))
    cells = [(each["row"], each["column"], each["text"]) for each in values(figure)]
    assert cells == [("a", "b", "1.00"), ("b", "a", "1.00")]


def test_stages_and_starts_are_drawn_of_the_first_run_of_each_model_and_framework() -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", batch_size=2),
        example_run("r-3", framework="torch"),
    ]
    (items,) = stage_figures(table("stages", *runs))
    assert sorted(set(names(items))) == ["onnxruntime", "torch"]
    assert [each["part"] for each in values(items)[:3]] == ["preprocess", "predict", "postprocess"]
    (starts,) = start_figures(table("cold_start", *runs))
    assert [each["to"] for each in values(starts)] == [30.0, 40.0] * 2


def test_without_items_there_are_no_stages_of_one() -> None:
    assert stage_figures(table("stages", example_run("r-1", answers=()))) == ()
