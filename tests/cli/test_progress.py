from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dlscope.agents.device_lock import WAITING
from dlscope.cli.progress import Progress
from dlscope.core.units import format_number
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.testing.analyses import example_run

PLAN: Any = SimpleNamespace(label="tiny · mock")


def test_a_run_is_told_with_the_latency_that_the_report_tells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The median is 1 ms; the report says 2.8 ms, the mean of what is left without the ends.
    latencies_ns = [1_000_000] * 11 + [5_000_000] * 9
    run = example_run("r-1", latencies_ns=latencies_ns, answers=(0, 1))
    with Progress("evaluate") as progress:
        progress.planned([run.plan], 0)
        progress.finished(run.plan, run, False)
    row = next(iter(evaluation_report([run]).table("latency")))
    mean = f"{format_number(float(row['mean_ns']) / 1e6)} ms"
    assert capsys.readouterr().err == (
        f"1/1 ✓ tiny · onnxruntime · online: 2/2 right, mean {mean}\n"
    )


def test_runs_that_differ_in_an_option_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    run = example_run("r-1", answers=(0,))
    plans = [
        run.plan.model_copy(
            update={"framework": run.plan.framework.model_copy(update={"options": {"threads": n}})}
        )
        for n in (1, 2)
    ]
    with Progress("profile") as progress:
        progress.planned(plans, 0)
        for plan in plans:
            progress.finished(plan, replace(run, plan=plan), True)
    told = [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        "1/2 ✓ tiny · onnxruntime · online · threads 1",
        "2/2 ✓ tiny · onnxruntime · online · threads 2",
    ]


def test_says_that_another_measurement_must_end_first(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("evaluate") as progress:
        progress.progress(PLAN, {"step": "load", "share": 0.5})
        progress.progress(PLAN, {"step": WAITING})
    assert capsys.readouterr().err == "waiting for another measurement on this machine\n"


def test_off_a_terminal_a_long_run_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress("profile") as progress:
        progress.planned([PLAN], 0)
        monkeypatch.setattr(progress._pace, "is_due", lambda: True)
        progress.progress(PLAN, {"step": "measure", "share": 0.5})
    assert capsys.readouterr().err == "0/1 now tiny · mock · measure 50%\n"


def test_a_search_for_the_highest_rate_says_which_trial_it_is_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress("evaluate") as progress:
        progress.planned([PLAN], 0)
        monkeypatch.setattr(progress._pace, "is_due", lambda: True)
        event = {"step": "measure", "share": 0.5, "trial": 3, "rate_qps": 41.25}
        progress.progress(PLAN, event)
    assert capsys.readouterr().err == (
        "0/1 now tiny · mock · measure, trial 3 at 41.2 queries/s 50%\n"
    )
