"""What a Ray cluster costs: per plan beside bare Ray tasks, and per Run, agent and node.

    python benchmarks/scheduling.py overhead [--plans 40] [--rounds 9]
    python benchmarks/scheduling.py costs [--runs 200] [--queries 1000]

`overhead` carries out the same plans in turns: as bare Ray tasks that are all submitted at once
and do nothing but run the worker, and through `RayScheduler`, which matches, tells progress, brings
Runs home one by one and watches for what is lost. Both use one agent's node and a warm worker that
answers with the mock; the order of the two is drawn anew in each round.

`costs` prints the unit costs from which a fleet is sized on paper, and what follows from them.
"""

from __future__ import annotations

import argparse
import pickle
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from dlscope.agents import ray_cluster
from dlscope.agents.matching import matches
from dlscope.agents.ray_errand import Errand, Parcel, carry_out
from dlscope.agents.ray_scheduler import RayScheduler
from dlscope.agents.scheduler import Assignment
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.store import Store
from dlscope.testing.ray_fleet import RayFleet, ray_fleet
from dlscope.testing.schedulers import small_plans
from dlscope.testing.stores import sample_plan, sample_run

NODES, RUNS = 1_000, 100_000_000


def main() -> None:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_subparsers(dest="which", required=True)
    overhead = which.add_parser("overhead")
    overhead.add_argument("--plans", type=int, default=40)
    overhead.add_argument("--rounds", type=int, default=9)
    costs = which.add_parser("costs")
    costs.add_argument("--runs", type=int, default=200)
    costs.add_argument("--queries", type=int, default=1_000)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="dlscope-scheduling-") as place,
        ray_fleet("a") as fleet,
    ):
        if given.which == "overhead":
            _overhead(fleet, Path(place), given.plans, given.rounds)
        else:
            _costs(Path(place), given.runs, given.queries)


def _overhead(fleet: RayFleet, folder: Path, count: int, rounds: int) -> None:
    plans = small_plans(folder, options=[{"value": float(number)} for number in range(count)])
    scheduler = RayScheduler(address=fleet.address)
    ways: dict[str, Callable[[Sequence[Plan]], int]] = {
        "bare Ray tasks": _bare,
        "RayScheduler": lambda some: _scheduled(scheduler, some, folder),
    }
    for way in ways.values():
        way(plans)  # processes started, worker warm
    per_plan: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name in random.sample(list(ways), len(ways)):
            began = time.perf_counter()
            assert ways[name](plans) == count
            per_plan[name].append((time.perf_counter() - began) / count * 1e3)
    for name, found in per_plan.items():
        low, middle, high = statistics.quantiles(found, n=4)
        print(f"{name:16} {middle:8.2f} ms per plan, quartiles {low:.2f} to {high:.2f}")
    more = [
        through - bare for bare, through in zip(*(per_plan[name] for name in ways), strict=True)
    ]
    low, middle, high = statistics.quantiles(more, n=4)
    print(f"more by {middle:.2f} ms per plan, quartiles {low:.2f} to {high:.2f}, {rounds} rounds")


def _bare(plans: Sequence[Plan]) -> int:
    """How many Runs came back from tasks that Ray alone hands out."""
    import ray

    (agent,) = ray_cluster.agents()
    task = ray.remote(_errand).options(
        num_cpus=0, resources={ray_cluster.DEVICE: 1}, scheduling_strategy=_there(agent.node)
    )
    errands = [Errand(plan, f"bare-{number}") for number, plan in enumerate(plans)]
    return sum(run.status == "finished" for run in ray.get([task.remote(each) for each in errands]))


def _errand(errand: Errand) -> Run:
    """The Run of one plan, and nothing told on the way."""
    *_, (_, parcel) = carry_out(errand)
    run: Run = parcel.run()
    return run


def _scheduled(scheduler: RayScheduler, plans: Sequence[Plan], folder: Path) -> int:
    assignments = [Assignment(plan, folder) for plan in plans]
    return sum(run.status == "finished" for run in scheduler.execute(assignments))


def _there(node: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def _costs(folder: Path, runs: int, queries: int) -> None:
    (agent,) = ray_cluster.agents()
    run = sample_run("one", queries=queries)
    parcel = Parcel.of(run)
    database, files, accept_s = _stored(folder, runs, queries)
    plan = sample_plan()
    roster_s = _time(ray_cluster.agents, 50)
    match_s = _time(lambda: matches(plan, agent), 2_000)
    memory = _memory()
    unit = {
        "a Run in the database": f"{database:,.0f} bytes",
        f"its files, {queries} queries": f"{files:,.0f} bytes",
        "storing it": f"{accept_s * 1e3:.1f} ms",
        "a Run on its way home": f"{len(parcel.pickled):,} bytes",
        "packing and unpacking it": f"{_time(lambda: Parcel.of(run).run(), 50) * 1e3:.2f} ms",
        "an agent's record": f"{len(pickle.dumps(agent)):,} bytes",
        "asking one agent who it is": f"{roster_s * 1e3:.2f} ms",
        "one plan against one agent": f"{match_s * 1e6:.1f} µs",
        **{f"memory of {name}": f"{size / 2**20:.0f} MiB" for name, size in memory.items()},
    }
    _print("unit costs", unit)
    _print(
        f"{NODES:,} nodes and {RUNS:,} runs",
        {
            "database": f"{database * RUNS / 1e9:,.0f} GB",
            "files": f"{files * RUNS / 1e12:,.1f} TB",
            "storing by one writer": f"{accept_s * RUNS / 86_400:,.1f} days",
            "records of all agents": f"{len(pickle.dumps(agent)) * NODES / 2**20:.1f} MiB",
            "matching one plan": f"{match_s * NODES * 1e3:.1f} ms",
        },
    )


def _stored(folder: Path, runs: int, queries: int) -> tuple[float, float, float]:
    """Bytes in the database and in files, and seconds, for one Run."""
    with Store.open(folder / "store") as store:
        before = store.size()
        made = [
            replace(sample_run(f"r-{number:06}", queries=queries), plan=sample_plan(seed=number))
            for number in range(runs)
        ]
        began = time.perf_counter()
        for run in made:
            store.accept(run)
        took = time.perf_counter() - began
        after = store.size()
    return (
        (after.database_bytes - before.database_bytes) / runs,
        (after.files_bytes - before.files_bytes) / runs,
        took / runs,
    )


def _time(what: Callable[[], Any], times: int) -> float:
    """Seconds of one call, on average."""
    began = time.perf_counter()
    for _ in range(times):
        what()
    return (time.perf_counter() - began) / times


def _memory() -> dict[str, int]:
    """Resident bytes of the head's server, of a node's daemon, and of an agent's process."""
    wanted = {"gcs_server": "the head's server", "raylet": "a node's daemon"}
    found: dict[str, int] = {}
    for process in psutil.process_iter(["name", "cmdline", "memory_info"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.info["name"] in wanted:
            found[wanted[process.info["name"]]] = process.info["memory_info"].rss
        elif line.startswith("ray::AgentActor"):
            found["an agent's process"] = process.info["memory_info"].rss
    return found


def _print(title: str, rows: dict[str, str]) -> None:
    print(title)
    for name, value in rows.items():
        print(f"    {name:34} {value}")


if __name__ == "__main__":
    main()
