"""Small models as benches, with made-up results for all of their bricks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from dlscope.core.run import Environment
from dlscope.graph.brick import Brick
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.generating import ModelBenches, model_benches
from dlscope.methods.bounds.measured_costs import MeasuredCosts
from dlscope.methods.bounds.setups import Setup
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult

BLOCK = 8
STARTED = "2026-03-01T12:00:00Z"
MACHINE = Environment({"name": "box"}, "3.11", {}, {})
Way = tuple[str, str, str, str]
"""Implementation, algorithm, type, layout."""

ORT: Way = ("ort", "", "float32", "plain")
ORT_FUSED: Way = ("ort", "fused", "float32", "plain")
BLOCKED: Way = ("ort_blocked", "", "float32", "blocked")
INTO_BLOCKS: Way = ("ort_blocked", "", "float32", "plain>blocked")
OPENVINO: Way = ("openvino", "", "float32", "plain")
OPENVINO_SHORT: Way = ("openvino", "", "bfloat16", "plain")
TORCH: Way = ("torch_nchw", "", "float32", "plain")
FAMILIES = {"ort": "mlas", "ort_blocked": "mlas", "openvino": "onednn", "torch_nchw": "aten"}

COSTS: Mapping[str, Mapping[Way, int]] = {
    "Conv": {
        ORT: 100_000,
        BLOCKED: 60_000,
        OPENVINO: 70_000,
        OPENVINO_SHORT: 35_000,
        TORCH: 90_000,
    },
    "Relu": {ORT: 10_000, BLOCKED: 10_000, OPENVINO: 12_000, OPENVINO_SHORT: 6_000, TORCH: 11_000},
    "LRN": {ORT: 300_000, OPENVINO: 30_000, OPENVINO_SHORT: 31_000, TORCH: 200_000},
    "MaxPool": {ORT: 20_000, BLOCKED: 15_000, OPENVINO: 22_000, TORCH: 40_000},
    "Concat": {ORT: 5_000, BLOCKED: 5_000, OPENVINO: 9_000, TORCH: 6_000},
    "Conv + Relu": {
        ORT: 110_000,
        ORT_FUSED: 104_000,
        BLOCKED: 62_000,
        OPENVINO: 72_000,
        TORCH: 101_000,
    },
    "Transpose": {ORT: 4_000},
    "ReorderInput": {ORT: 2_000},
    "ReorderOutput": {ORT: 3_000},
}
"""By the label of a brick, ns."""


def forked_model() -> onnx.ModelProto:
    """Conv, Relu, then LRN beside MaxPool, joined again and flattened."""
    graph = GraphBuilder("forked")
    x = graph.input("x", "float32", (1, 8, 6, 6))
    weight = np.random.default_rng(0).normal(0, 0.1, (8, 8, 3, 3)).astype(np.float32)
    convolved = graph.node("Conv", [x, graph.constant("w", weight)], pads=[1] * 4)
    shown = graph.node("Relu", [convolved])
    normalised = graph.node("LRN", [shown], size=3)
    pooled = graph.node("MaxPool", [shown], kernel_shape=[3, 3], pads=[1] * 4)
    joined = graph.node("Concat", [normalised, pooled], axis=1)
    graph.output(graph.node("Flatten", [joined], output="y"), "float32", (1, 576))
    return graph.finish()


def forked(folder: Path, *, block: int | None = BLOCK) -> ModelBenches:
    """The benches of `forked_model`, its file in `folder`."""
    path = folder / "forked.onnx"
    onnx.save(forked_model(), path)
    return model_benches("forked", replace(read_graph(path), name="forked"), path, block=block)


def bricks_of(model: ModelBenches) -> tuple[Brick, ...]:
    return (*model.timed, *model.moved)


def results_of(
    bricks: Iterable[Brick], costs: Mapping[str, Mapping[Way, int]] = COSTS, **key: object
) -> list[BenchmarkResult]:
    """A result for each way of each brick, all samples alike."""
    return [
        result(brick, way, cost_ns, **key)
        for brick in bricks
        for way, cost_ns in costs.get(brick.label, {}).items()
    ]


def result(brick: Brick, way: Way, cost_ns: int, **key: object) -> BenchmarkResult:
    implementation, algorithm, dtype, layout = way
    return BenchmarkResult(
        key=BenchmarkKey(
            **{
                "brick_id": brick.id,
                "fingerprint": MACHINE.fingerprint,
                "implementation": implementation,
                "implementation_version": "1",
                "algorithm": algorithm,
                "dtype": dtype,
                "layout": layout,
                "batch": 1,
                "threads": 1,
                "state": "hot",
                "tool_version": "1",
                "protocol": "p",
                **key,
            }
        ),
        status="ok",
        reason="",
        samples_ns=[cost_ns] * 3,
        workspace_bytes=None,
        started_utc=STARTED,
        extra={"family": FAMILIES.get(implementation, implementation)},
    )


def costs_of(model: ModelBenches, costs: Mapping[str, Mapping[Way, int]] = COSTS) -> MeasuredCosts:
    return MeasuredCosts(results_of(bricks_of(model), costs))


def whole_result(
    model: ModelBenches, setup: Setup, samples_ns: list[int], *, failed: str = ""
) -> BenchmarkResult:
    """An end-to-end result of a model in a setup."""
    return BenchmarkResult(
        key=BenchmarkKey(
            brick_id=model.whole.id,
            fingerprint=MACHINE.fingerprint,
            implementation=setup.backend,
            implementation_version="1",
            algorithm=setup.told,
            dtype="float32",
            batch=1,
            threads=1,
            state="hot",
            tool_version="1",
        ),
        status="failed" if failed else "ok",
        reason=failed,
        samples_ns=[] if failed else samples_ns,
        workspace_bytes=None,
        started_utc=STARTED,
        extra={"setup": setup.to_json()},
    )


def without(*labels: str) -> dict[str, Mapping[Way, int]]:
    """The costs of all but some bricks."""
    return {label: ways for label, ways in COSTS.items() if label not in labels}


def only(is_kept: Callable[[Way], bool]) -> dict[str, Mapping[Way, int]]:
    """The costs of some ways alone."""
    return {
        label: {way: cost for way, cost in ways.items() if is_kept(way)}
        for label, ways in COSTS.items()
    }
