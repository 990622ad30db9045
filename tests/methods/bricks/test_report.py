from __future__ import annotations

from dataclasses import replace

import pytest
from brick_models import chain_model, fork_model, graph_of
from hand_made_times import exact_times, model_ns, with_whole

from dlscope.core.report import Figure, Prose
from dlscope.methods.bricks.anonymous import anonymous
from dlscope.methods.bricks.composition import compose
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.report import composition_report, suite_report

GRAPHS = {"chain": graph_of(chain_model()), "fork": graph_of(fork_model())}


def both(granularity: int = 1, *names: str, **changes):
    asked = {"cut": "executed", "runtime": "onnxruntime 1.0", "generator": "", **changes}
    asked.pop("generator")
    graphs = [(name, GRAPHS[name]) for name in names or GRAPHS]
    return replace(cut_models(graphs, granularity, **asked), generator="dlscope 0")


def measured(suite, slower: float = 1.0):
    times = exact_times(suite)
    for model in suite.models:
        with_whole(times, model, slower * model_ns(GRAPHS[model.name]))
    return suite, [times], [compose(model, suite.bricks, [times]) for model in suite.models]


def prose(report) -> list[str]:
    return [
        block.text
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Prose)
    ]


def test_a_suite_is_told_in_a_sentence() -> None:
    assert suite_report(both()).answer == (
        "2 models of 9 layers are 4 bricks of at most 1 layer, each used 2.0 times."
    )
    assert suite_report(both(9, "fork")).answer == (
        "1 model of 4 layers is 1 brick of at most 9 layers, each used 1.0 times."
    )


def test_a_suite_says_how_it_was_cut() -> None:
    assert prose(suite_report(both())) == [
        "Cut from the graph that it executes, for onnxruntime 1.0, by dlscope 0."
    ]
    (windows,) = prose(suite_report(both(2, partition="overlapping", cut="authored")))
    assert windows == (
        "Cut from the graph as written, for onnxruntime 1.0, by dlscope 0. Windows overlap in all "
        "layers but one: each adds what it takes beyond its overlap with the one before, and never "
        "less than nothing."
    )


def test_an_anonymous_suite_says_what_remains_visible() -> None:
    assert suite_report(both()).warnings == ()
    assert suite_report(anonymous(both())).warnings == (
        "an anonymous suite still shows the shapes and parameters of bricks and how often models "
        "have them",
    )


def test_the_answer_is_how_far_composed_latencies_are_off() -> None:
    report = composition_report([measured(both(), 1 / 1.03)], Protocol())
    bricks, models = (
        report.table("speedup").column(name)[0] for name in ("bricks_ns", "models_ns")
    )
    assert report.answer == (
        "Rebuilt from bricks of at most 1 layer, 2 latencies are 3.0 % off on average, the "
        f"furthest chain, 1.03 of what it takes; running every brick takes {bricks / models:.0%}"
        " of running every model."
    ).replace("% of running", " % of running").replace("  %", " %")
    assert report.title == "2 models rebuilt from bricks"


def test_of_one_model_the_answer_is_about_it() -> None:
    report = composition_report([measured(both(1, "fork"))], Protocol())
    assert report.answer.startswith(
        "Rebuilt from bricks of at most 1 layer, the latency is 0.0 % off: fork, 1.00 of what it"
    )
    assert report.title == "fork rebuilt from bricks"


def test_without_a_measured_latency_the_answer_is_the_composed_one() -> None:
    suite = both(1, "chain")
    times = exact_times(suite)
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    report = composition_report([(suite, [times], found)], Protocol())
    assert report.answer == "chain takes 166 µs, rebuilt from bricks."
    assert not any(isinstance(block, Figure) for part in report.sections for block in part.blocks)


def test_an_incomplete_model_is_told() -> None:
    suite, (times,), _ = measured(both())
    add = next(name for name, brick in suite.bricks.items() if brick.label == "Add")
    del times.bricks[add, ""]
    times.failed[add] = "it is broken"
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    report = composition_report([(suite, [times], found)], Protocol())
    (finding,) = report.findings
    assert (finding.sign, finding.claim) == (
        "bad",
        "fork is incomplete: 25 % of its layers have no time",
    )
    assert (finding.evidence, finding.rows) == ("composition", (1,))
    assert finding.advice == "see table failed"
    assert "Bricks without a time" in [section.title for section in report.sections]
    times.bricks.clear()
    times.failed.clear()
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    report = composition_report([(suite, [times], found)], Protocol())
    assert report.answer == "No model could be rebuilt: bricks have no time."
    assert {each.advice for each in report.findings} == {"time them: dlscope bricks run SUITE"}


@pytest.mark.parametrize(("slower", "sign"), [(1.05, None), (1.10, "warn"), (1.2, "bad")])
def test_a_latency_that_is_far_off_is_told(slower: float, sign: str | None) -> None:
    report = composition_report([measured(both(1, "fork"), slower)], Protocol())
    told = [(each.sign, each.claim) for each in report.findings]
    claim = f"fork is rebuilt as {1 / slower:.2f} of what it takes"
    assert told == ([] if sign is None else [(sign, claim)])


def test_an_error_below_the_spread_is_told() -> None:
    suite, (times,), estimates = measured(both(1, "fork"), 1.01)
    spread = [replace(each, spread=0.02) for each in estimates]
    report = composition_report([(suite, [times], spread)], Protocol())
    (finding,) = report.findings
    assert (
        finding.claim == "with bricks of 1 layer, the error is below what a repeat changes, 2.0 %"
    )


def test_several_sizes_of_bricks_are_rows_and_one_figure() -> None:
    suites = [measured(both(layers, "fork")) for layers in (1, 2, 99)]
    report = composition_report(suites, Protocol())
    assert report.table("composition").column("granularity") == (1, 2, 99)
    first = report.sections[0]
    shown, figure = first.blocks
    assert [column.name for column in shown.columns][:2] == ["model", "granularity"]
    assert figure.title == "Composed ÷ measured by granularity"
    assert [record["name"] for record in figure.spec["data"]["values"]] == ["1", "2", "99"]


def test_windows_are_told_apart_from_bricks_of_the_same_size() -> None:
    suites = [measured(both(2, "fork", partition=each)) for each in ("standard", "overlapping")]
    shown = composition_report(suites, Protocol()).sections[0].blocks[0]
    assert [column.name for column in shown.columns][:2] == ["model", "partition"]


def test_the_method_is_what_was_done() -> None:
    suite, (times,), found = measured(both(1, "fork"))
    report = composition_report([(suite, [times, times], found)], Protocol())
    walked, whole, cut = prose(report)
    assert "CPU time of the thread, in 2 fresh processes of at least 3 rounds;" in walked
    assert whole == "Whole models are timed right before and right after their walk."
    assert cut.startswith("Cut from the graph that it executes")
    report = composition_report([(suite, [times], found)], Protocol(threads=2), against="told.json")
    walked, whole, _ = prose(report)
    assert "wall time, in a fresh process of at least 3 rounds;" in walked
    assert whole == "Latencies of whole models are those in told.json."


def test_every_face_can_show_it() -> None:
    from dlscope.core import registry

    report = composition_report([measured(both())], Protocol(), created_utc="2026-03-01T12:00:00Z")
    for name in ("text", "json", "csv", "markdown", "html"):
        assert "chain" in registry.load("renderers", name)().report(report)
