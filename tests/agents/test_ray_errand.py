"""What runs on an agent's machine, called here without Ray."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_work import ACCURACY, ENDLESS, MS
from watching import worker_pids

from dlscope.agents import ray_errand
from dlscope.agents.bench import Bench
from dlscope.agents.device_lock import WAITING, device_lock
from dlscope.agents.ray_errand import Errand, Parcel, ask, before_ray, carry_out, stop_file, sweep
from dlscope.core.errors import PlanError
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan
from dlscope.testing.stores import assert_same_run, sample_run

Plans = Callable[..., tuple[Plan, ...]]


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Partial results, and what this process keeps between errands, are of this test alone."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    benches: dict[HookPermission | None, Bench] = {}
    monkeypatch.setattr(ray_errand, "_BENCHES", benches)
    with contextlib.ExitStack() as stack:
        yield
        for bench in benches.values():
            stack.enter_context(bench)


def test_a_run_comes_home_as_it_was() -> None:
    parcel = Parcel.of(sample_run("r-1"), was_killed=True)
    assert_same_run(parcel.run(), sample_run("r-1"))
    assert parcel.was_killed


def test_an_errand_tells_what_happens_and_its_run_last(make_plans: Plans, tmp_path: Path) -> None:
    (plan,) = make_plans(ACCURACY)
    events = list(carry_out(Errand(plan, "t1")))
    words = [word for word, _ in events]
    assert (words[0], words[-1]) == ("began", "run")
    assert set(words[1:-1]) == {"progress"}
    run = events[-1][1].run()
    assert (run.status, run.plan, len(run.items)) == ("finished", plan, plan.items)
    assert list((tmp_path / "cache" / "partial").iterdir()) == []


def test_an_errand_that_is_stopped_closes_its_run_as_aborted(make_plans: Plans) -> None:
    (plan,) = make_plans(ENDLESS, options=[{"delay_ns": [MS]}])
    events = []
    for word, value in carry_out(Errand(plan, "t2")):
        events.append((word, value))
        if word == "progress" and value["step"] == "measure":
            stop_file("t2").touch()
    word, parcel = events[-1]
    run = parcel.run()
    assert (word, run.status, run.error) == ("run", "aborted", None)
    assert len(run.samples) > 0
    assert not stop_file("t2").exists()
    assert worker_pids() == set()


def test_an_errand_that_waits_for_the_machine_can_be_stopped(make_plans: Plans) -> None:
    (plan,) = make_plans(ENDLESS)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with device_lock(lambda: None):
            held.set()
            let_go.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    steps = []
    for word, value in carry_out(Errand(plan, "t3")):
        steps.append(value["step"] if word == "progress" else word)
        if steps[-1] == WAITING:
            stop_file("t3").touch()
    let_go.set()
    holder.join()
    assert steps == ["began", WAITING]


def test_an_errand_stopped_before_it_begins_does_nothing(make_plans: Plans) -> None:
    stop_file("t4").parent.mkdir(parents=True, exist_ok=True)
    stop_file("t4").touch()
    (plan,) = make_plans(ACCURACY)
    assert list(carry_out(Errand(plan, "t4"))) == []
    assert not stop_file("t4").exists()


def test_a_refusal_is_given_back_and_not_raised() -> None:
    def refuse(what: str) -> None:
        raise PlanError(what, where="here", fix="mend it")

    error = ask(refuse, ("it cannot be done",))
    assert isinstance(error, PlanError)
    assert error.what == "it cannot be done"
    assert ask(max, (2, 3)) == 3


def test_what_ray_adds_to_the_environment_is_taken_back() -> None:
    own = "/env/site-packages/ray/core/libjemalloc.so"
    assert before_ray({"LD_PRELOAD": f"/lib/mine.so:{own}", "RAY_JOB_ID": "1", "A": "b"}) == {
        "A": "b",
        "LD_PRELOAD": "/lib/mine.so",
    }


def test_what_killed_processes_left_behind_is_removed() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    places = stop_file("t5").parent
    left, own = places / str(ended.pid), places / str(os.getpid())
    for place in (left, own):
        (place / "dlscope-x").mkdir(parents=True)
    stop_file("t5").touch()
    stop_file("t6").touch()
    long_ago = time.time() - 7200
    os.utime(stop_file("t5"), (long_ago, long_ago))
    sweep()
    assert sorted(each.name for each in places.iterdir()) == sorted([own.name, "stop-t6"])
