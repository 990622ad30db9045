from __future__ import annotations

import dataclasses
import json

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.report import Figure, Prose
from dlscope.core.run import Condition
from dlscope.core.table import Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.cost import Ceilings
from dlscope.methods.profiling.planning import Missing
from dlscope.methods.profiling.profile import CEILINGS
from dlscope.methods.profiling.report import ANALYSES, profiling_report
from dlscope.testing.analyses import example_run
from dlscope.testing.profiles import example_profiles, golden_spans, profiling_run

FAILURE = {"kind": "BackendError", "what": "the process ended", "where": "x", "fix": "less"}


@pytest.fixture(scope="module")
def golden():
    """The Run of the golden example."""
    return profiling_run(golden_spans(), [Level.MODEL, Level.LAYER, Level.KERNEL])


def failed(run):
    return dataclasses.replace(run, id="r-failed", status="failed", error=FAILURE)


def titles(report) -> list[str]:
    return [section.title for section in report.sections]


def tables_of(report, title: str) -> list[Table]:
    (section,) = (section for section in report.sections if section.title == title)
    return [block for block in section.blocks if isinstance(block, Table)]


def test_the_answer_says_how_long_what_and_how_much_of_it(golden) -> None:
    report = profiling_report([golden])
    assert report.title == "resnet18 on torch, by level"
    assert report.answer == (
        "1.00 ms for a batch of 4; 84 % of its layers' time is Conv2D; "
        "95 % of the model is accounted for by layers."
    )


def test_what_moves_data_is_in_the_answer_where_libraries_were_seen() -> None:
    (one, *_) = example_profiles()
    assert "; 0 % is moving data between layouts; " in profiling_report([one]).answer


def test_kernels_are_not_told_as_layers(made) -> None:
    profile = made("M/K", ([100] * 3, []), ([100] * 3, [("K", "gemm", 0, 50)]))
    assert profiling_report([profile.run]).answer == "100 µs for a batch of 4."


def test_every_table_is_there_whatever_was_seen(golden, made) -> None:
    shallow = made("M", ([100] * 3, [])).run
    for runs in ([golden], [shallow], [], [failed(golden)]):
        report = profiling_report(runs)
        names = [table.name for table in report.tables]
        assert names[: len(ANALYSES)] == list(ANALYSES)
        assert {"layers", "timeline", "missing", "refused", "failed"} <= set(names)


def test_the_sections_of_one_profile(golden) -> None:
    report = profiling_report([golden])
    found = titles(report)
    assert found[0] == "Layers"
    assert found[-1] == "How this was measured"
    for title in ("Timeline", "Roofline of the layers", "Layer types", "Kernels"):
        assert title in found
    for title in ("Models", "Failed", "What cannot be seen here"):
        assert title not in found
    (layers,) = tables_of(report, "Layers")
    assert layers.column("layer") == ("L1", "L2", "L3")
    assert "model" not in layers


def test_profiles_are_told_apart_by_what_differs(golden, made) -> None:
    larger = dataclasses.replace(
        golden, id="r-8", plan=golden.plan.model_copy(update={"batch_size": 8})
    )
    report = profiling_report([golden, larger])
    (models,) = tables_of(report, "Models")
    assert models.column("batch_size") == (4, 8)
    (types,) = tables_of(report, "Layer types")
    assert types.column("batch_size") == (4, 4, 8, 8)
    (cost,) = tables_of(report, "What measuring cost")
    assert "threads" not in cost
    runs = [made("M", ([100] * 3, []), threads=threads).run for threads in (1, 2)]
    (models,) = tables_of(profiling_report(runs), "Models")
    assert models.column("threads") == (1, 2)


def test_many_layers_are_shown_in_part(made) -> None:
    layers = [("L", f"layer {n}", 10 * n, 5 + n % 3) for n in range(12)]
    runs = [([200] * 3, []), ([200] * 3, layers)]
    report = profiling_report([made("M/L", *runs).run])
    (section,) = (section for section in report.sections if section.title == "Layers")
    assert len(section.blocks[0]) == 10
    assert section.note == "10 of 12 by latency"
    assert len(report.table("layers")) == 12
    both = [made("M/L", *runs, model=name).run for name in "ab"]
    (few,) = tables_of(profiling_report(both), "Layers")
    assert few.column("model") == ("a",) * 3 + ("b",) * 3


def test_figures_are_of_tables_in_the_report(golden) -> None:
    report = profiling_report([golden])
    drawn = [
        block for each in report.sections for block in each.blocks if isinstance(block, Figure)
    ]
    assert [figure.table for figure in drawn] == ["timeline", "a3", "a14"]
    assert all(len(report.table(figure.table)) for figure in drawn)


def test_the_ceilings_say_where_they_are_from(golden) -> None:
    method = profiling_report([golden]).sections[-1]
    said = [block.text for block in method.blocks if isinstance(block, Prose)]
    assert any(text.startswith("Ceilings: 4e+03 GFLOP/s and 400 GB/s") for text in said)


def test_what_failed_was_refused_or_cannot_be_seen_is_told(golden) -> None:
    error = PlanError("level LIBRARY cannot be seen here", where="tiny on tvm", fix="leave it out")
    missing = Missing("torch", Level.KERNEL, "perf is not installed", "install perf")
    report = profiling_report([golden, failed(golden)], [("tiny", "tvm", error)], [missing])
    bad = [finding for finding in report.findings if finding.sign == "bad"]
    assert [(each.claim, each.evidence, each.detail) for each in bad] == [
        ("resnet18 on torch, batch 4, has no profile", "failed", "the process ended"),
        ("tiny was not profiled on tvm", "refused", "level LIBRARY cannot be seen here"),
    ]
    assert report.findings[:2] == tuple(bad)
    assert bad[1].advice == "leave it out"
    assert report.table("missing").rows == (
        ("torch", "KERNEL", "perf is not installed", "install perf"),
    )
    assert {"Failed", "What cannot be seen here"} <= set(titles(report))
    assert "torch: level KERNEL cannot be seen: perf is not installed" in report.warnings


def test_conditions_that_do_not_hold_are_warnings(golden) -> None:
    broken = (
        Condition(
            "contention", "9 of 15 iterations waited for a core", "half", False, "stop other work"
        ),
        Condition("level LAYER", "all spans have their place", "one parent", holds=True),
    )
    report = profiling_report([dataclasses.replace(golden, conditions=broken)])
    assert report.warnings == (
        f"{golden.plan.label}: contention: 9 of 15 iterations waited for a core; stop other work",
    )


def test_layers_above_the_roof_are_told_with_what_to_do(golden) -> None:
    assert profiling_report([golden]).warnings == ()
    low = Ceilings(flops_per_s=5e11, bytes_per_s=1e12)
    busy = {**golden.artifacts, CEILINGS: json.dumps(dataclasses.asdict(low))}
    (warning,) = profiling_report([dataclasses.replace(golden, artifacts=busy)]).warnings
    assert warning.endswith(
        " of it; it is what matrix products of NumPy reached here, which other work may have "
        "slowed down: profile again with --rerun when it is quiet"
    )


def test_says_how_to_look_at_the_trace_of_a_run_that_has_one(golden) -> None:
    report = profiling_report([failed(golden), golden])
    assert report.next_commands == (
        ("dlscope trace export r-profile trace.json", "the timeline, for Perfetto"),
    )
    assert profiling_report([failed(golden)]).next_commands == ()


def test_runs_that_measured_nothing_are_a_report_too(made, golden) -> None:
    report = profiling_report([made("M/L", ([], []), ([], [])).run])
    assert report.answer == "No iteration was measured."
    report = profiling_report([])
    assert (report.title, report.answer) == (
        "Nothing was profiled",
        "No model could be profiled.",
    )
    assert profiling_report([failed(golden)]).answer == "No model could be profiled."


def test_layers_without_any_time_are_no_error(made) -> None:
    runs = [([100] * 3, []), ([100] * 3, [("L", "a", 0, 0), ("L", "b", 5, 0)])]
    assert profiling_report([made("M/L", *runs).run]).answer == "100 µs for a batch of 4."


def test_runs_of_another_workload_have_no_part_in_it(golden) -> None:
    report = profiling_report([example_run("r-1"), golden])
    assert report.table("a1").column("model") == ("resnet18",)


def test_the_same_runs_give_the_same_report(golden) -> None:
    runs = [*example_profiles(), failed(golden)]
    first, again = (profiling_report(runs, command="dlscope profile …") for _ in range(2))
    assert first.to_json() == again.to_json()
    assert first.created_utc == "2026-03-01T12:00:00.000Z"
    assert first.command == "dlscope profile …"
    assert first.runs == tuple(run.id for run in runs)
