"""`split`: the division of a device among tasks whose least slack is largest.

    pipelines   each task has stages of its own, all within one budget: Σ_k R_k ≤ R
                slack_k + 1 = 1 / (r_k · slowest stage of k)
    engines     all tasks run on the same engines by turns: Σ_k r_k · lat_k ≤ 1
                slack + 1 = 1 / Σ_k r_k · lat_k, the same for all

With every time weighted by its rate, the first is the best pipeline of all stages together, the
second the best engines for all layers together. What is left of a budget when the worst task can
be helped no more goes to the others, the worst of them first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlscope.core.errors import SearchError
from dlscope.devices.base import NS_PER_S, Choice, Device, NetworkCost
from dlscope.devices.discretise import discrete_engines, discrete_pipeline
from dlscope.methods.codesign.multi_task.task import Split, Task, TaskShare, require_tasks
from dlscope.methods.codesign.multi_task.weighted import WeightedStage

TIME = "time"
Budget = Mapping[str, float]
_BITS_OF_BYTE = 8


def split(device: Device, tasks: Sequence[Task]) -> Split:
    """Divide `device` among `tasks`.

    Lanes are powers of two. Raises `SearchError` where one lane each is more than the budget, for
    no tasks, and for a device without lanes.
    """
    require_tasks(device, tasks)
    if device.objective == "throughput":
        return _partitioned(device, tasks)
    return _shared(device, tasks)


def _partitioned(device: Device, tasks: Sequence[Task]) -> Split:
    stages = [
        [WeightedStage(device, [choice], [task.rate_per_s]) for choice in task.choices]
        for task in tasks
    ]
    left = _left(device, [stage for each in stages for stage in each])
    lanes = _lexicographic(stages, left)
    chosen = [_with_lanes(task, counts) for task, counts in zip(tasks, lanes, strict=True)]
    costs = [device.network_cost(choices) for choices in chosen]
    busy = [_memory_share(device, task, each) for task, each in zip(tasks, chosen, strict=True)]
    load = sum(busy)
    resources = _added([cost.resources for cost in costs])
    scarce = max(
        (name for name in device.budget if resources.get(name)),
        key=lambda name: resources[name] / device.budget[name],
    )
    shares = [
        TaskShare(
            task=task,
            lanes=counts,
            reached_per_s=_within_memory(NS_PER_S / _slowest_ns(cost), task, load),
            latency_ns=cost.latency_ns,
            share=cost.resources.get(scarce, 0.0) / device.budget[scarce],
        )
        for task, counts, cost in zip(tasks, lanes, costs, strict=True)
    ]
    return Split(tuple(shares), scarce, resources, load)


def _lexicographic(
    stages: Sequence[Sequence[WeightedStage]], budget: Budget
) -> list[tuple[int, ...]]:
    """Lanes of the stages of each task: the worst as good as can be, then the next worst."""
    lanes: dict[int, tuple[int, ...]] = {}
    open_tasks = list(range(len(stages)))
    left = dict(budget)
    while open_tasks:
        owners = [task for task in open_tasks for _ in stages[task]]
        flat = [stage for task in open_tasks for stage in stages[task]]
        found = discrete_pipeline(flat, left)
        cycles = [stage.cycles(count) for stage, count in zip(flat, found.lanes, strict=True)]
        worst = owners[cycles.index(max(cycles))]
        counts = tuple(n for n, owner in zip(found.lanes, owners, strict=True) if owner == worst)
        lanes[worst] = counts
        open_tasks.remove(worst)
        for stage, count in zip(stages[worst], counts, strict=True):
            for name, cost in stage.lane_costs.items():
                if name in left:
                    left[name] -= cost * count
    return [lanes[task] for task in range(len(stages))]


def _shared(device: Device, tasks: Sequence[Task]) -> Split:
    groups = _engines(device, tasks)
    engines = [
        WeightedStage(
            device,
            [tasks[task].choices[place] for task, place in group],
            [tasks[task].rate_per_s for task, _ in group],
        )
        for group in groups
    ]
    found = discrete_engines(engines, _left(device, engines))
    lanes = [[1] * len(task.choices) for task in tasks]
    for group, count in zip(groups, found.lanes, strict=True):
        for task, place in group:
            lanes[task][place] = count
    chosen = [_with_lanes(task, each) for task, each in zip(tasks, lanes, strict=True)]
    latencies = [device.network_cost(choices).latency_ns for choices in chosen]
    together = device.network_cost([choice for choices in chosen for choice in choices])
    busy = [task.rate_per_s * ns / NS_PER_S for task, ns in zip(tasks, latencies, strict=True)]
    load = sum(busy)
    shares = [
        TaskShare(task, tuple(each), task.rate_per_s / load, latency_ns, own / load)
        for task, each, latency_ns, own in zip(tasks, lanes, latencies, busy, strict=True)
    ]
    return Split(tuple(shares), TIME, together.resources)


def _engines(device: Device, tasks: Sequence[Task]) -> list[list[tuple[int, int]]]:
    """(task, layer) of each engine, in the order of the first of each."""
    groups: dict[object, list[tuple[int, int]]] = {}
    for number, task in enumerate(tasks):
        for place, choice in enumerate(task.choices):
            shared = device.shares_engines and choice.engine
            groups.setdefault(choice.engine if shared else (number, place), []).append(
                (number, place)
            )
    return list(groups.values())


def _left(device: Device, parts: Sequence[WeightedStage]) -> dict[str, float]:
    """The budget less what is there without lanes. Raises `SearchError` where that is below 0."""
    fixed = _added([part.fixed for part in parts])
    least = _added([fixed, *(part.lane_costs for part in parts)])
    short = device.over_budget(least)
    if short:
        asked = ", ".join(f"{n} {least[n]:.6g} of {device.budget[n]:.6g}" for n in short)
        needed = ", ".join(f"{name} {used:.6g}" for name, used in least.items())
        raise SearchError(
            f"infeasible: one lane each takes {asked}",
            where=f"device {device.name}, {len(parts)} stages or engines of all tasks",
            fix=f"use fewer tasks, fewer bits or a larger board; the least is {needed}",
        )
    return {name: limit - fixed.get(name, 0.0) for name, limit in device.budget.items()}


def _with_lanes(task: Task, lanes: Sequence[int]) -> tuple[Choice, ...]:
    pairs = zip(task.choices, lanes, strict=True)
    return tuple(replace(choice, pf=math.log2(count)) for choice, count in pairs)


def _memory_share(device: Device, task: Task, choices: Sequence[Choice]) -> float:
    """The share of each second that external memory works for a task at its rate."""
    cost = device.network_cost(choices)
    ends = ((choices[0].layer.inputs, choices[0]), (choices[-1].layer.outputs, choices[-1]))
    ends_bytes = sum(n * c.precision.activation_bits for n, c in ends) / _BITS_OF_BYTE
    carried = sum(float(each.traffic_bytes) for each in cost.layers) + ends_bytes
    return task.rate_per_s * carried / device.bytes_per_s


def _within_memory(rate_per_s: float, task: Task, load: float) -> float:
    """What external memory leaves of a rate, all tasks being slowed alike."""
    return min(rate_per_s, task.rate_per_s / load) if load > 0 else rate_per_s


def _slowest_ns(cost: NetworkCost) -> float:
    return max(float(each.latency_ns) for each in cost.layers)


def _added(several: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names: Iterator[str] = (name for each in several for name in each)
    return {name: sum(each.get(name, 0.0) for each in several) for name in sorted(set(names))}
