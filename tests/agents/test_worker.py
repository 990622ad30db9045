from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import noisy
import pytest
from tiny_work import ACCURACY, BRIEF, ITEMS
from watching import end

from dlscope.agents.local import LocalScheduler
from dlscope.agents.scheduler import Assignment
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.store.exchange import import_run

Plans = Callable[..., tuple[Plan, ...]]


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "dlscope.agents.worker"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    yield process
    end(process)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed distribution with the noisy backend, for new processes only."""
    folder = tmp_path / "plugins"
    information = folder / "noisy-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(noisy.METADATA)
    (information / "entry_points.txt").write_text(noisy.ENTRY_POINTS)
    shutil.copy(Path(noisy.__file__), folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def _noisy(plan: Plan, **options: bool) -> Plan:
    changes = {"backend": "noisy", "options": {"threads": 1, **options}}
    return plan.model_copy(update={"framework": plan.framework.model_copy(update=changes)})


def _executed(plan: Plan, partial: Path) -> Run:
    (run,) = LocalScheduler().execute([Assignment(plan, partial)])
    return run


def _ask(worker: subprocess.Popen[str], message: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(message) + "\n")
    worker.stdin.flush()


def _order(plan: Plan, run_id: str, folder: Path) -> dict[str, Any]:
    return {
        "do": "run",
        "plan": plan.to_json(),
        "run_id": run_id,
        "partial": str(folder / "partial" / run_id),
        "into": str(folder / "into"),
        "pulse": str(folder / "pulse"),
    }


def _answers(worker: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Messages up to the one that says the Run is done."""
    assert worker.stdout is not None
    for line in worker.stdout:
        message = json.loads(line)
        yield message
        if message["event"] == "done":
            return


def test_serves_one_plan_after_another(
    worker: subprocess.Popen[str], make_plans: Plans, tmp_path: Path
) -> None:
    for number, plan in enumerate(make_plans(ACCURACY, options=[{}, {"value": 2.0}])):
        _ask(worker, _order(plan, f"r-{number}", tmp_path))
        *progress, done = _answers(worker)
        assert progress[0] == {"event": "progress", "step": "load", "share": 0.0}
        run = import_run(tmp_path / "into", f"r-{number}", done["digests"])
        assert (run.status, run.plan.digest, len(run.items)) == ("finished", plan.digest, ITEMS)


def test_a_plan_for_an_unknown_workload_gives_a_failed_run(
    worker: subprocess.Popen[str], make_plans: Plans, tmp_path: Path
) -> None:
    (plan,) = make_plans(ACCURACY)
    _ask(worker, _order(plan.model_copy(update={"workload": "evaluate"}), "r-1", tmp_path))
    (done,) = _answers(worker)
    run = import_run(tmp_path / "into", "r-1", done["digests"])
    assert run.status == "failed"
    assert run.error == {
        "kind": "PluginError",
        "what": "there is no plugin 'evaluate' among the workloads",
        "where": "entry points dlscope.workloads",
        "fix": "did you mean evaluation?",
    }


def test_ends_when_its_input_ends(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=30) == 1


def test_a_stop_that_comes_first_closes_the_run_as_aborted(
    worker: subprocess.Popen[str], make_plans: Plans, tmp_path: Path
) -> None:
    (plan,) = make_plans(BRIEF)
    _ask(worker, {"do": "stop"})
    _ask(worker, _order(plan, "r-1", tmp_path))
    *_, done = _answers(worker)
    run = import_run(tmp_path / "into", "r-1", done["digests"])
    assert (run.status, len(run.samples)) == ("aborted", 0)


def test_what_a_framework_prints_goes_to_the_log(
    plugin: Path, make_plans: Plans, tmp_path: Path
) -> None:
    # Printed before the worker's first line runs: nothing of dlscope can be in the way of it.
    (plugin / "sitecustomize.py").write_text('print("started")')
    (plan,) = make_plans(BRIEF)
    run = _executed(_noisy(plan), tmp_path)
    assert run.error is None
    assert (run.status, len(run.samples)) == ("finished", 20)
    assert "noisy: predicting" in run.log_tail
    run = _executed(_noisy(plan, exits=True), tmp_path)
    said = ["started", "noisy: version", '{"event": "done", "digests": {}}', "child"]
    assert sorted(run.log_tail.splitlines()) == sorted(said)


def test_an_error_that_nobody_declared_gives_a_failed_run(
    plugin: Path, make_plans: Plans, tmp_path: Path
) -> None:
    (plan,) = make_plans(BRIEF)
    run = _executed(_noisy(plan, breaks=True), tmp_path)
    assert run.status == "failed"
    assert run.error == {
        "kind": "KeyError",
        "what": "'precision'",
        "where": "tiny · mock · online",
        "fix": "see the log of the run; if dlscope is at fault, please report it",
    }
    assert 'raise KeyError("precision")' in run.log_tail


def test_inputs_without_room_give_a_run_that_was_out_of_memory(
    make_plans: Plans, tmp_path: Path
) -> None:
    (plan,) = make_plans(BRIEF)
    run = _executed(plan.model_copy(update={"batch_size": 10**14}), tmp_path)
    assert (run.status, run.outcome) == ("failed", "oom")
    assert run.error == {
        "kind": "OutOfMemory",
        "what": "out of memory",
        "where": "tiny · mock · online · batch 100000000000000",
        "fix": "try a smaller batch, or free memory",
        "reason": "oom",
    }


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("exits", "the worker process ended early with exit code 7"),
        ("gives_up", "the worker process ended early with exit code 1"),
    ],
)
@pytest.mark.slow
def test_a_framework_that_ends_the_process_gives_a_failed_run(
    plugin: Path, make_plans: Plans, tmp_path: Path, option: str, what: str
) -> None:
    (plan,) = make_plans(BRIEF)
    run = _executed(_noisy(plan, **{option: True}), tmp_path)
    assert run.status == "failed"
    assert run.error == {
        "kind": "MeasurementError",
        "what": what,
        "where": "tiny · mock · online",
        "fix": "see the log of the run; with too little memory, try a smaller batch",
    }
