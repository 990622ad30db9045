from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from tiny_work import ACCURACY, BRIEF, ENDLESS, MS
from watching import await_line, await_true, is_running

from dlscope.agents import ray_cluster
from dlscope.agents.campaign import Campaign
from dlscope.agents.device_lock import lock_path
from dlscope.agents.ray_scheduler import RayScheduler
from dlscope.agents.scheduler import Assignment
from dlscope.core.errors import PlanError
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.stacks.fingerprint import environment
from dlscope.store import RunFilter, Store
from dlscope.testing.ray_fleet import RayFleet

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

POINTS = {"accuracy": 52, "performance": 8}
Plans = Callable[..., tuple[Plan, ...]]


@pytest.fixture
def scheduler(fleet: RayFleet) -> RayScheduler:
    return RayScheduler(address=fleet.address)


@pytest.fixture
def carry_out(tmp_path: Path, scheduler: RayScheduler) -> Callable[..., list[Run]]:
    def carry_out(*plans: Plan, **observer: Any) -> list[Run]:
        assignments = [Assignment(plan, tmp_path / "partial" / plan.digest) for plan in plans]
        return list(scheduler.execute(assignments, **observer))

    return carry_out


def workers() -> dict[int, psutil.Process]:
    """The worker processes of the agents of this fleet, by id, and of nobody else."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        if "dlscope.agents.worker" in (process.info["cmdline"] or ()):
            # It may end while it is looked at.
            with contextlib.suppress(psutil.Error):
                if process.environ().get("DLSCOPE_CACHE") == os.environ["DLSCOPE_CACHE"]:
                    found[process.pid] = process
    return found


def is_free(lock: Path) -> bool:
    import fcntl

    with lock.open("a") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def nothing_is_held(fleet_lock: Path) -> bool:
    """Whether the lock is free, and so are all devices of nodes that are there."""
    shares = ray_cluster.free_shares()
    agents = ray_cluster.agents()
    return is_free(fleet_lock) and all(shares.get(agent.node) == 1.0 for agent in agents)


def orphans() -> list[str]:
    """Workers whose parent is no process of Ray."""
    return [
        str(process)
        for process in workers().values()
        if (parent := process.parent()) is None or "ray" not in " ".join(parent.cmdline())
    ]


@pytest.fixture
def fleet_lock(fleet: RayFleet) -> Path:
    """The lock of the machine as the agents see it, not that of this test."""
    return Path(os.environ["DLSCOPE_CACHE"]).parent / lock_path().name


def test_measures_in_the_environment_that_this_machine_has_without_ray(
    make_plans: Plans, carry_out: Callable[..., list[Run]], scheduler: RayScheduler
) -> None:
    plans = make_plans(BRIEF)
    (run,) = carry_out(*plans)
    assert run.environment.to_json() | {"volatile": {}} == environment().to_json() | {
        "volatile": {}
    }
    assert scheduler.fingerprints(plans[0]) == (environment().fingerprint,)


def test_plans_go_to_several_agents_and_measurements_wait_for_one_another(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    spans: dict[str, list[str]] = {}

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        spans.setdefault(event["agent"], []).append(event["step"])

    answering = make_plans(ACCURACY, options=[{"value": float(v)} for v in range(8)])
    measuring = make_plans(BRIEF, options=[{"value": float(v)} for v in range(4)])
    runs = carry_out(*answering, *measuring, observer=observe)
    assert {run.status for run in runs} == {"finished"}
    assert len({run.plan.digest for run in runs}) == 12
    assert set(spans) == {"left", "right"}
    timed = sorted(
        (int(run.samples.issued_ns.min()), int(run.samples.completed_ns.max()))
        for run in runs
        if len(run.samples)
    )
    assert len(timed) == 4
    assert all(before[1] < after[0] for before, after in itertools.pairwise(timed))


def test_a_plan_that_no_agent_can_carry_out_fails_with_all_reasons(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    (plan,) = make_plans(ACCURACY)
    framework = plan.framework.model_copy(update={"version": "9.9.9"})
    runs = carry_out(plan.model_copy(update={"framework": framework}), plan)
    failed, finished = sorted(runs, key=lambda run: run.status)
    assert finished.status == "finished"
    assert failed.outcome == "unsatisfiable"
    assert failed.error is not None
    own = plan.framework.version
    assert failed.error["what"] == (
        f"left: framework mock {own} does not satisfy ==9.9.9; "
        f"right: framework mock {own} does not satisfy ==9.9.9"
    )


def test_a_plan_for_one_agent_goes_there(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    (plan,) = make_plans(ACCURACY)
    where: set[str] = set()
    copies = [plan.model_copy(update={"options": {"system": name}}) for name in ("right", "left")]
    for copy in copies:
        (run,) = carry_out(copy, observer=lambda _, event: where.add(event["agent"]))
        assert run.plan.options == copy.options
        assert where == {copy.options["system"]}
        where.clear()


def test_a_killed_worker_costs_a_second_try(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    told: list[str] = []
    killed: list[int] = []

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        told.append(event["step"])
        if event["step"] == "measure" and not killed:
            killed.extend(workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    (run,) = carry_out(
        *make_plans({**BRIEF, "min_queries": 200}, options=[{"delay_ns": [10 * MS]}]),
        observer=observe,
    )
    assert run.status == "finished"
    assert "once more, the worker process was ended by SIGKILL" in told


def test_a_worker_that_is_killed_each_time_gives_a_failed_run(
    make_plans: Plans, carry_out: Callable[..., list[Run]]
) -> None:
    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        if event["step"] == "measure":
            for pid in workers():
                os.kill(pid, signal.SIGKILL)

    (run,) = carry_out(
        *make_plans({**BRIEF, "min_queries": 200}, options=[{"delay_ns": [10 * MS]}]),
        observer=observe,
    )
    assert run.status == "failed"
    assert run.error is not None
    assert run.error["what"] == "the worker process was ended by SIGKILL"


def test_an_interrupt_closes_the_remote_run_as_aborted(
    experiment: Callable[..., Any],
    drive: Callable[..., Any],
    fleet: RayFleet,
    store: Store,
    fleet_lock: Path,
) -> None:
    driver = drive(experiment(ENDLESS, options=[{"delay_ns": [MS]}]), fleet.address)
    await_line(driver, "step measure")
    driver.send_signal(signal.SIGINT)
    assert await_line(driver, "finished").endswith("aborted")
    assert "KeyboardInterrupt" in driver.stdout.read()
    driver.wait()
    (kept,) = store.runs(RunFilter(status="aborted"))
    run = store.run(kept.id)
    assert (run.error, len(run.samples) > 0) == (None, True)
    await_true(lambda: nothing_is_held(fleet_lock), "the device to be free")


def test_a_driver_killed_hard_leaves_nothing_behind_and_is_taken_up_again(
    experiment: Callable[..., Any],
    make_plans: Plans,
    drive: Callable[..., Any],
    fleet: RayFleet,
    store: Store,
    scheduler: RayScheduler,
    fleet_lock: Path,
) -> None:
    matrix = {"options": [{"delay_ns": [20 * MS], "value": float(n)} for n in range(4)]}
    scenario = {**BRIEF, "min_queries": 150}
    driver = drive(experiment(scenario, **matrix), fleet.address)
    before = await_line(driver, "finished").split()[1]
    await_line(driver, "step measure")
    present = workers()
    driver.kill()
    driver.wait()
    await_true(lambda: not any(map(is_running, present)), "its workers to end")
    await_true(lambda: nothing_is_held(fleet_lock), "the device to be free")
    known, told = finish(store, scheduler, make_plans(scenario, **matrix))
    assert before in {run.id for run in known}
    assert sum(told) >= 1
    assert {each.acceptance for each in store.runs(RunFilter(status="finished"))} == {"accepted"}
    _, told = finish(store, scheduler, make_plans(scenario, **matrix))
    assert told == [True] * 4


def test_an_address_where_no_cluster_is_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        RayScheduler(address="127.0.0.1:9").agents()
    assert caught.value.what == "no Ray cluster answers at 127.0.0.1:9"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10))
def test_a_matrix_finishes_while_nodes_and_workers_are_killed(
    seed: int,
    make_plans: Plans,
    fleet: RayFleet,
    store: Store,
    scheduler: RayScheduler,
    fleet_lock: Path,
) -> None:
    plans = tuple(mixed(make_plans, random.Random(seed)))
    done: list[str] = []
    misfortune = Misfortune(fleet, random.Random(seed), lambda: len(done))
    with misfortune:
        runs = Campaign(store, scheduler).runs(
            plans,
            observer=lambda *_: None,
            finished=lambda _plan, run, _known: done.append(run.id),
        )
    assert misfortune.struck == ["node", "worker"]
    assert [run.plan.digest for run in runs] == [plan.digest for plan in plans]
    assert [(run.status, run.error) for run in runs] == [("finished", None)] * 60
    stored = store.runs()
    assert [each.acceptance for each in stored] == ["accepted"] * 60
    assert len({each.plan_digest for each in stored}) == 60
    again, told = finish(store, scheduler, plans)
    assert told == [True] * 60
    assert {run.id for run in again} == {run.id for run in runs}
    await_true(lambda: nothing_is_held(fleet_lock), "everything to be free")
    assert orphans() == []


def mixed(make_plans: Plans, chance: random.Random) -> Iterator[Plan]:
    """60 plans, those that count accuracy and those that measure in any order."""
    slow = [{"delay_ns": [2 * MS], "value": float(v)} for v in range(POINTS["accuracy"])]
    brief = [{"value": float(v)} for v in range(POINTS["performance"])]
    plans = [*make_plans(ACCURACY, options=slow), *make_plans(BRIEF, options=brief)]
    chance.shuffle(plans)
    yield from plans


def finish(
    store: Store, scheduler: RayScheduler, plans: tuple[Plan, ...]
) -> tuple[tuple[Run, ...], list[bool]]:
    """The Runs of all plans, and whether each was there already."""
    told: list[bool] = []
    runs = Campaign(store, scheduler).runs(
        plans,
        observer=lambda *_: None,
        finished=lambda _plan, _run, is_known: told.append(is_known),
    )
    return runs, told


class Misfortune:
    """Kills a worker and a node, each at a random moment of a matrix, and replaces the node."""

    def __init__(self, fleet: RayFleet, chance: random.Random, done: Callable[[], int]) -> None:
        self._fleet, self._chance, self._done = fleet, chance, done
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._strike, args=(kind, chance.randint(2, 45)))
            for kind in ("worker", "node")
        ]
        self._which = chance.choice(["left", "right"])
        self.struck: list[str] = []

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.struck.sort()
        self._fleet.hire(self._which, slots=2)

    def _strike(self, kind: str, at: int) -> None:
        while self._done() < at and not self._over.wait(0.02):
            pass
        self._over.wait(self._chance.random() / 2)
        if kind == "node":
            self._fleet.kill(self._which)
        else:
            while not (present := list(workers())) and not self._over.wait(0.01):
                pass
            if not present:
                return
            os.kill(self._chance.choice(present), signal.SIGKILL)
        self.struck.append(kind)
