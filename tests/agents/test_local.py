from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tiny_work import ACCURACY, BRIEF, ENDLESS, ITEMS, MS
from watching import await_line, await_true, is_running, worker_pids

from dlscope.agents.campaign import Campaign
from dlscope.agents.local import LocalScheduler
from dlscope.agents.scheduler import Assignment
from dlscope.core.errors import PlanError
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.store import RunFilter, Store

Plans = Callable[..., tuple[Plan, ...]]


@pytest.fixture
def carry_out(tmp_path: Path) -> Callable[..., list[Run]]:
    def carry_out(*plans: Plan, **observer: Any) -> list[Run]:
        assignments = [Assignment(plan, tmp_path / "partial" / plan.digest) for plan in plans]
        return list(LocalScheduler().execute(assignments, **observer))

    return carry_out


def test_plans_that_count_accuracy_share_a_worker_and_measurements_have_their_own(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    answering = make_plans(ACCURACY, options=[{}, {"value": 1.0}])
    measuring = make_plans(BRIEF, options=[{}, {"value": 1.0}])
    plans = (answering[0], *measuring, answering[1])
    present: dict[str, set[int]] = {}

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        present.setdefault(plan.digest, worker_pids())

    runs = carry_out(*plans, observer=observe)
    assert [run.plan.digest for run in runs] == [plan.digest for plan in plans]
    assert [run.status for run in runs] == ["finished"] * 4
    shared, first, second, last = (present[plan.digest] for plan in plans)
    assert len(shared) == 1
    assert shared == last
    assert shared < first
    assert shared < second
    assert not (first - shared) & (second - shared)
    assert worker_pids() == set()
    # What the worker answered and measured came home.
    assert [item.item for item in runs[0].items] == [f"item-{n}" for n in range(ITEMS)]
    errors = [run.metric("value_max_error") for run in (runs[0], runs[3])]
    assert [error and error.value for error in errors] == [0.0, 1.0]
    assert len(runs[1].samples) == 20


def test_a_failing_model_gives_a_failed_run_and_the_rest_goes_on(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    failed, finished = carry_out(*make_plans(ACCURACY, options=[{"fail_every": 1}, {}]))
    assert failed.status == "failed"
    assert failed.error == {
        "kind": "BackendError",
        "what": "the mock failed prediction 1, as it was told to",
        "where": "MockPredictor",
        "fix": "set fail_every to 0 (it is 1)",
    }
    assert "the mock failed prediction 1, as it was told to" in failed.log_tail
    assert not failed.is_valid
    # The log of the second Run of a shared worker is its own.
    assert (finished.status, finished.error, finished.log_tail) == ("finished", None, "")


def test_a_worker_killed_in_mid_run_gives_a_failed_run_and_the_rest_goes_on(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    plans = make_plans(ACCURACY, options=[{"delay_ns": [100 * MS]}, {}])
    killed: list[int] = []

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        if event["step"] == "accuracy" and not killed:
            killed.extend(worker_pids())
            os.kill(killed[0], signal.SIGKILL)

    failed, finished = carry_out(*plans, observer=observe)
    assert (failed.status, failed.plan.digest) == ("failed", plans[0].digest)
    assert failed.error == {
        "kind": "MeasurementError",
        "what": "the worker process was ended by SIGKILL",
        "where": "tiny · mock · online",
        "fix": "see the log of the run; with too little memory, try a smaller batch",
    }
    assert failed.id.startswith("r-")
    assert finished.status == "finished"


@pytest.mark.slow
def test_a_sweep_under_a_memory_limit_ends_with_what_fitted_and_the_next_plan_runs(
    experiment: Callable[..., Any], store: Store
) -> None:
    # A worker with the mock alone stays below 300 MiB; each item of a batch adds 256 MiB.
    sweep = {"name": "batched", "mode": "performance", "min_duration_ms": 0, "min_queries": 2}
    asked = experiment(
        {**sweep, "batch_size": [1, 2, 4, 8, 16]}, options=[{"item_bytes": 256 << 20}, {}]
    )
    plans = plan_experiment(asked.model_copy(update={"memory_limit": "1GiB"})).plans
    runs = Campaign(store, LocalScheduler()).runs(
        plans, observer=lambda *_: None, finished=lambda *_: None
    )
    outcomes = [(run.plan.batch_size, run.outcome) for run in runs]
    assert outcomes[:5] == [
        (1, "finished"),
        (2, "finished"),
        (4, "oom"),
        (8, "oom_implied"),
        (16, "oom_implied"),
    ]
    assert {outcome for _, outcome in outcomes[5:]} == {"finished"}
    assert runs[2].error is not None
    assert runs[2].error["kind"] == "OutOfMemory"
    assert runs[2].error["what"].endswith("the limit is 1 GiB")
    assert runs[2].memory_bytes["peak"] > 1 << 30
    assert [store.run(run.id).outcome for run in runs] == [run.outcome for run in runs]


@pytest.mark.slow
def test_an_item_whose_prediction_hangs_fails_and_the_rest_is_answered(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    # The fifth prediction of each worker hangs: that of its fourth item, after the first one and a
    # warm-up of 0. A fresh worker then takes up what is left.
    scenario = {**ACCURACY, "warmup": 0, "timeout_ms": 100}
    hang = {"delay_ns": [0, 0, 0, 0, 60_000 * MS, *[0] * 40]}
    (run,) = carry_out(*make_plans(scenario, options=[hang]))
    assert run.status == "finished"
    failed = [item.item for item in run.items if item.error is not None]
    assert failed == ["item-3", "item-7", "item-11"]
    assert run.items[3].error == "no answer within 0.1 s (predict)"
    assert len(run.items) == ITEMS
    assert not run.is_valid


def test_a_model_that_hangs_at_its_first_prediction_is_given_up(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    scenario = {**BRIEF, "timeout_ms": 100}
    hanging, well = carry_out(*make_plans(scenario, options=[{"delay_ns": [60_000 * MS]}, {}]))
    assert hanging.outcome == "timeout"
    assert hanging.error == {
        "kind": "MeasurementError",
        "what": "a prediction took longer than 0.1 s",
        "where": "tiny · mock · online",
        "fix": "raise timeout_ms of the scenario, or look for what the model waits for",
        "reason": "timeout",
    }
    assert well.status == "finished"


def test_a_parent_killed_hard_leaves_no_worker_behind(
    experiment: Callable[..., Any], drive: Callable[..., Any]
) -> None:
    parent = drive(experiment(ENDLESS, options=[{"delay_ns": [MS]}]))
    await_line(parent, "step measure")
    (worker,) = worker_pids(parent.pid)
    parent.kill()
    await_true(lambda: not is_running(worker), "the worker to end")


@pytest.mark.slow
def test_a_worker_busy_in_a_long_prediction_ends_with_its_parent(
    experiment: Callable[..., Any], drive: Callable[..., Any]
) -> None:
    parent = drive(experiment(BRIEF, options=[{"delay_ns": [300_000 * MS]}]))
    await_line(parent, "step load")
    (worker,) = worker_pids(parent.pid)
    parent.kill()
    await_true(lambda: not is_running(worker), "the worker to end")


@pytest.mark.slow
def test_an_interrupt_closes_the_run_as_aborted(
    experiment: Callable[..., Any], drive: Callable[..., Any], store: Store
) -> None:
    parent = drive(experiment(ENDLESS, options=[{"delay_ns": [MS]}]))
    await_line(parent, "step measure")
    workers = worker_pids(parent.pid)
    parent.send_signal(signal.SIGINT)
    assert await_line(parent, "finished").endswith("aborted")
    assert "KeyboardInterrupt" in parent.stdout.read()
    parent.wait()
    assert not any(is_running(worker) for worker in workers)
    (kept,) = store.runs(RunFilter(status="aborted"))
    run = store.run(kept.id)
    assert (run.error, len(run.samples) > 0) == (None, True)


def test_a_second_interrupt_does_not_wait_for_the_query(
    experiment: Callable[..., Any], drive: Callable[..., Any], store: Store
) -> None:
    # Nobody waits 300 s for the query: that this test ends shows that the worker was killed.
    parent = drive(experiment(BRIEF, options=[{"delay_ns": [300_000 * MS]}]))
    await_line(parent, "step load")
    parent.send_signal(signal.SIGINT)
    await_line(parent, "step finishing the current query")
    parent.send_signal(signal.SIGINT)
    assert await_line(parent, "finished").endswith("aborted")
    parent.wait()
    (kept,) = store.runs()
    assert store.run(kept.id).error == {
        "kind": "MeasurementError",
        "what": "the worker process was ended by SIGKILL",
        "where": "tiny · mock · online",
        "fix": "see the log of the run; with too little memory, try a smaller batch",
    }


def test_the_command_line_ends_with_130_when_interrupted(
    shelf: Path, tmp_path: Path, start_dlscope: Callable[..., Any]
) -> None:
    process = start_dlscope(
        *("evaluate", str(shelf / "tiny.yaml"), "--dataset", str(shelf / "few.yaml")),
        *("--backend", "mock", "--store", str(tmp_path / "store")),
        *("--min-duration-ms", "500000"),
    )
    # The accuracy pass writes its answers here; the measurement follows and has no end.
    await_true(lambda: list(tmp_path.glob("store/partial/*/*/items.jsonl")), "the run to begin")
    workers = worker_pids(process.pid)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert workers
    assert not any(is_running(worker) for worker in workers)
    with Store.open(tmp_path / "store") as store:
        assert [(run.status, run.acceptance) for run in store.runs()] == [("aborted", "none")]


def test_what_is_measured_here_never_imports_ray(shelf: Path, tmp_path: Path) -> None:
    code = (
        "import sys, dlscope\n"
        f"dlscope.evaluate({str(shelf / 'tiny.yaml')!r}, dataset={str(shelf / 'few.yaml')!r},\n"
        "    backend='mock', scenario={'name': 'online', 'mode': 'accuracy'},\n"
        f"    store={str(tmp_path / 'store')!r})\n"
        "assert 'dlscope.agents.local' in sys.modules\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'ray']\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_address_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        LocalScheduler(address="10.0.0.7:6379")
    assert str(caught.value) == (
        "PlanError: the scheduler 'local' has no address, and '10.0.0.7:6379' is one\n"
        "  where  --address\n"
        "  fix    leave --address out, or choose --scheduler ray"
    )
