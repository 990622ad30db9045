from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException

from dlscope import api
from dlscope.store import Store
from dlscope.testing.small_experiment import SmallExperiment
from dlscope.web import children, jobs
from dlscope.web.jobs import MOST_WAITING, Job, Jobs

# What stands in for the process of a job: it tells what it was asked to, and waits to be stopped.
SCRIPT = """
import json, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
told = json.loads(sys.stdin.readline())["experiment"]
try:
    for event in told["events"]:
        print(json.dumps(event), flush=True)
    time.sleep(told["seconds"])
    sys.exit(told.get("code", 0))
except KeyboardInterrupt:
    print(json.dumps({"type": "stopped"}), flush=True)
"""
END = {"type": "end", "runs": ["r-1"], "refused": []}
Scripted = Callable[..., Job]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(store=str(tmp_path / "store"))
    yield made
    made.close()


@pytest.fixture
def scripted(queue: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Submits a job whose process tells `events`, waits `seconds` and ends with `code`."""
    (tmp_path / "scripted_job.py").write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(children, "MODULE", "scripted_job")

    def submit(*events: Mapping[str, Any], seconds: float = 0, code: int = 0) -> Job:
        asked = {"events": list(events), "seconds": seconds, "code": code}
        return queue.submit(asked, title="scripted")

    return submit


def ended(job: Job, within_s: float = 60) -> Job:
    deadline = time.monotonic() + within_s
    while not job.is_over:
        assert time.monotonic() < deadline, job
        time.sleep(0.01)
    return job


def running(job: Job, events: int = 0) -> Job:
    deadline = time.monotonic() + 60
    while job.state == "queued" or len(job.events) < events:
        assert time.monotonic() < deadline, job
        time.sleep(0.01)
    return job


@pytest.mark.slow
def test_an_experiment_is_measured_and_its_runs_are_in_the_store(
    queue: Jobs, small: SmallExperiment, tmp_path: Path
) -> None:
    scenario = {"name": "brief", "mode": "accuracy"}
    asked = api.experiment("colors", dataset="pictures", scenario=scenario).to_json()
    job = ended(queue.submit(asked, title="colors"))
    assert job.state == "done", job.problems
    kinds = [event["type"] for event in job.events]
    assert kinds[0] == "plan"
    assert kinds[-2:] == ["run", "done"]
    assert "stage" in kinds
    with Store.open(tmp_path / "store") as store:
        assert store.run(job.runs[0]).plan.model.name == "colors"
    again = ended(queue.submit(asked, title="colors"))
    assert again.id != job.id
    assert again.runs == job.runs
    assert [event["known"] for event in again.events if event["type"] == "run"] == [True]


@pytest.mark.slow
def test_what_cannot_be_done_fails_with_its_problems(queue: Jobs, small: SmallExperiment) -> None:
    asked = api.experiment("colors", dataset="pictures", backend="onnxruntime==0.0.1").to_json()
    job = ended(queue.submit(asked, title="colors"))
    assert job.state == "failed"
    assert job.problems
    assert set(job.problems[0]) >= {"kind", "what", "where", "fix"}


def test_the_same_experiment_is_one_job_while_it_waits_or_runs(scripted: Scripted) -> None:
    first = scripted(seconds=60)
    assert scripted(seconds=60) is first
    assert scripted(seconds=61) is not first


def test_jobs_run_one_after_another(scripted: Scripted) -> None:
    first, second = scripted(seconds=60), scripted(END)
    running(first)
    assert second.state == "queued"


def test_a_job_that_waits_is_stopped_at_once(queue: Jobs, scripted: Scripted) -> None:
    first, second = scripted(seconds=60), scripted(END)
    running(first)
    assert queue.cancel(second.id).state == "stopped"
    assert second.events[-1] == {"type": "done", "state": "stopped", "runs": ()}


def test_a_job_at_work_is_stopped_as_ctrl_c_does(queue: Jobs, scripted: Scripted) -> None:
    event = {"type": "log", "text": "at work"}
    job = running(scripted(event, seconds=60), events=1)
    queue.cancel(job.id)
    assert ended(job).state == "stopped"
    assert queue.cancel(job.id).state == "stopped"


def test_a_process_that_dies_without_a_word_fails_the_job(scripted: Scripted) -> None:
    job = ended(scripted(code=7))
    assert job.state == "failed"
    assert job.problems[0]["what"] == "the process of the job ended with status 7"


def test_the_steps_of_one_kind_are_told_once_in_a_second(scripted: Scripted) -> None:
    stage = {"type": "stage", "label": "x", "cell": "x", "step": "measure"}
    other = {**stage, "step": "close"}
    job = ended(scripted(*[stage] * 50, other, END))
    steps = [event["step"] for event in job.events if event["type"] == "stage"]
    assert steps.count("close") == 1
    assert steps.count("measure") < 50


def test_so_many_may_wait_and_no_more(queue: Jobs, scripted: Scripted) -> None:
    for number in range(MOST_WAITING):
        scripted(seconds=60 + number)
    with pytest.raises(HTTPException) as caught:
        scripted(seconds=59)
    assert caught.value.status_code == 409
    assert caught.value.detail.what == f"{MOST_WAITING} jobs wait already"  # type: ignore[attr-defined]


def test_old_jobs_are_forgotten(
    queue: Jobs, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_KEPT", 2)
    for number in range(4):
        ended(scripted({**END, "runs": [f"r-{number}"]}))
    assert len(queue.all()) == 2


def test_closing_leaves_no_process_behind(tmp_path: Path, scripted: Scripted, queue: Jobs) -> None:
    job = running(scripted({"type": "log", "text": "x"}, seconds=600), events=1)
    queue.close()
    assert job.child is not None
    assert job.child.code is not None


def test_there_is_no_job_of_another_name(queue: Jobs) -> None:
    with pytest.raises(HTTPException) as caught:
        queue.job("e-none")
    assert caught.value.status_code == 404
