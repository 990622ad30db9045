from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Choice
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.devices.roofline import Roofline, RooflineDevice
from dlscope.methods.codesign.multi_task.splitting import TIME, split
from dlscope.methods.codesign.multi_task.task import Task

SIXTEEN, EIGHT = Precision.of(16), Precision.of(8)
LANES = (1, 2, 4, 8, 16, 32, 64, 128)


def board() -> BoardManifest:
    found = find("board", "zcu102")
    assert isinstance(found, BoardManifest)
    return found


def pipelined(dsp: float) -> PipelinedFpga:
    device = PipelinedFpga(board())
    device.budget = {"dsp": dsp}
    device.bytes_per_s = math.inf
    return device


def recursive(dsp: float) -> RecursiveFpga:
    device = RecursiveFpga(board())
    device.budget = {"dsp": dsp}
    return device


def task(name: str, rate: float, *layers: LayerShape, precision=SIXTEEN) -> Task:
    choices = tuple(Choice(each, precision, engine=each.kind) for each in layers)
    return Task(name, choices, rate)


FIRST = task("first", 100.0, LayerShape.conv(16, 64, 14, 3), LayerShape.conv(64, 32, 14))
SECOND = task("second", 30.0, LayerShape.conv(3, 16, 56, 3), LayerShape.depthwise(16, 56, 3))
THIRD = task("third", 400.0, LayerShape.conv(8, 8, 14, 3), precision=EIGHT)


def best_by_force_of_pipelines(device, tasks) -> float:
    """The largest least ratio of reached to asked over every number of lanes of every stage."""
    stages = [
        [
            (float(cost.resources["dsp"]), 1e9 / float(cost.latency_ns) / each.rate_per_s)
            for lanes in LANES
            for cost in (device.cost(choice.layer, choice.precision, math.log2(lanes)),)
        ]
        for each in tasks
        for choice in each.choices
    ]
    return max(
        min(ratio for _, ratio in chosen)
        for chosen in itertools.product(*stages)
        if sum(used for used, _ in chosen) <= device.budget["dsp"]
    )


@pytest.mark.parametrize("dsp", [60.0, 100.0, 300.0])
def test_a_partition_has_the_largest_least_slack(dsp: float) -> None:
    device = pipelined(dsp)
    found = split(device, [FIRST, SECOND])
    assert found.slack + 1 == pytest.approx(best_by_force_of_pipelines(device, [FIRST, SECOND]))
    assert found.resources["dsp"] <= dsp


def test_what_the_worst_task_cannot_use_goes_to_the_others() -> None:
    greedy = task("greedy", 1e6, LayerShape.conv(16, 16, 14, 3))
    device = pipelined(200.0)
    found = split(device, [greedy, FIRST])
    worst, other = found.shares
    assert worst.slack < other.slack
    assert worst.lanes == (128,)  # 256 and the others' least are more than there is
    left = 200.0 - found.resources["dsp"]
    slowest = max(
        zip(FIRST.choices, other.lanes, strict=True), key=lambda each: each[0].layer.work / each[1]
    )
    assert slowest[1] > left


def best_by_force_of_engines(device, tasks) -> float:
    kinds = sorted({choice.engine for each in tasks for choice in each.choices})
    best = 0.0
    for lanes in itertools.product((*LANES, 256, 512), repeat=len(kinds)):
        chosen = [
            [
                replace(choice, pf=math.log2(lanes[kinds.index(choice.engine)]))
                for choice in each.choices
            ]
            for each in tasks
        ]
        together = device.network_cost([choice for each in chosen for choice in each])
        if together.over_budget:
            continue
        load = sum(
            each.rate_per_s * device.network_cost(choices).latency_ns / 1e9
            for each, choices in zip(tasks, chosen, strict=True)
        )
        best = max(best, 1 / load)
    return best


@pytest.mark.parametrize("dsp", [20.0, 100.0, 300.0])
def test_shared_engines_have_the_largest_slack(dsp: float) -> None:
    device = recursive(dsp)
    tasks = [FIRST, SECOND, THIRD]
    found = split(device, tasks)
    assert found.slack + 1 == pytest.approx(best_by_force_of_engines(device, tasks))
    assert found.divided == TIME
    assert sum(each.share for each in found.shares) == pytest.approx(1)
    assert len({round(each.slack, 9) for each in found.shares}) == 1


def test_layers_of_one_kind_have_one_engine_across_tasks() -> None:
    found = split(recursive(100.0), [FIRST, SECOND])
    first, second = found.shares
    assert first.lanes[0] == first.lanes[1] == second.lanes[0]


def test_the_order_of_tasks_changes_nothing() -> None:
    device = pipelined(100.0)
    one, other = split(device, [FIRST, SECOND]), split(device, [SECOND, FIRST])
    assert [each.lanes for each in one.shares] == [each.lanes for each in reversed(other.shares)]


def test_external_memory_slows_all_tasks_alike() -> None:
    device = pipelined(300.0)
    device.bytes_per_s = 1e6
    found = split(device, [FIRST, SECOND])
    assert found.memory_load > 1
    slacks = {round(each.slack, 9) for each in found.shares}
    assert slacks == {round(1 / found.memory_load - 1, 9)}


def test_too_small_a_device_is_told_with_the_least() -> None:
    with pytest.raises(SearchError) as refused:
        split(pipelined(10.0), [FIRST, SECOND])
    assert refused.value.what == "infeasible: one lane each takes dsp 28 of 10"
    assert refused.value.fix.endswith("the least is bram18 6.45139, dsp 28")


@pytest.mark.parametrize(
    ("tasks", "message"),
    [([], "there are no tasks"), ([FIRST, FIRST], "two tasks are called 'first'")],
)
def test_tasks_that_cannot_be_told_apart_are_refused(tasks, message: str) -> None:
    with pytest.raises(SearchError) as refused:
        split(pipelined(100.0), tasks)
    assert refused.value.what == message


def test_a_device_without_lanes_is_refused() -> None:
    device = RooflineDevice(Roofline(1.0, 1e9, 0.0), peak_per_s=1e9)
    with pytest.raises(SearchError, match="device roofline has no lanes to divide"):
        split(device, [FIRST])
