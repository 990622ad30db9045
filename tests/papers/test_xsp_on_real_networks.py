"""XSP on real networks: what its analyses must say whatever the machine.

Figures of the page "validating each analysis on a real model"; none depends on how fast it runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from dlscope import api
from dlscope.core.report import Report
from dlscope.core.trace import Level
from dlscope.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RESNET18_GFLOP = 3.628146688
MOBILENET_V2_GFLOP = 0.601548544
PRODUCTS = ("Conv", "Gemm")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of its own for all profiles of this file."""
    return str(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def resnet18(store: str) -> Report:
    """ResNet-18 on PyTorch, at three levels and two batch sizes."""
    pytest.importorskip("torch")
    return api.profile(
        "resnet18", backend="torch", levels="M,L,B", batch_size=[1, 2], iterations=5, store=store
    )


def _of(report: Report, table: str, **wanted: Any) -> list[Mapping[str, Any]]:
    rows = report.table(table)
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def _gflop(rows: list[Mapping[str, Any]], *types: str) -> float:
    return sum(row["flops"] or 0 for row in rows if not types or row["type"] in types) / 1e9


def test_layers_are_those_of_the_network_in_their_order(resnet18: Report) -> None:
    layers = _of(resnet18, "a2", batch_size=1)
    assert Counter(row["type"] for row in layers) == {
        "Conv": 20,
        "BatchNormalization": 20,
        "Relu": 17,
        "Add": 8,
        "MaxPool": 1,
        "GlobalAveragePool": 1,
        "Flatten": 1,
        "Gemm": 1,
    }
    assert [row["index"] for row in layers] == list(range(69))
    assert [row["name"] for row in layers[:4]] == ["conv1", "bn1", "relu", "maxpool"]


def test_throughput_times_latency_is_the_batch(resnet18: Report) -> None:
    for row in resnet18.table("a1"):
        product = float(str(row["throughput_per_s"])) * float(str(row["duration_us"]))
        assert product == pytest.approx(row["batch_size"] * 1e6, rel=1e-12)


def test_work_is_that_of_the_network_and_grows_with_the_batch(resnet18: Report) -> None:
    one, two = (_of(resnet18, "a14", batch_size=batch) for batch in (1, 2))
    # Adding a bias is no multiply-accumulate.
    assert _gflop(one, *PRODUCTS) == pytest.approx(RESNET18_GFLOP, rel=1e-6)
    assert _gflop(two) == pytest.approx(2 * _gflop(one), rel=0.01)


def test_sums_over_types_are_sums_over_layers(resnet18: Report) -> None:
    layers, types = (_of(resnet18, name, batch_size=1) for name in ("a2", "a6"))
    assert sum(row["duration_us"] for row in types) == pytest.approx(
        sum(row["duration_us"] for row in layers)
    )
    assert sum(row["percent"] for row in types) == pytest.approx(100, abs=0.01)
    assert sum(row["percent"] for row in _of(resnet18, "a5", batch_size=1)) == pytest.approx(100)


def test_nearly_every_library_call_lies_in_a_layer(resnet18: Report, store: str) -> None:
    with Store.open(store) as opened:
        trace = opened.run(resnet18.runs[0]).trace
    level_of = dict(zip(trace["id"].tolist(), trace["level"].tolist(), strict=True))
    calls = trace.take(trace["level"] == Level.LIBRARY)
    placed = [level_of.get(parent) == Level.LAYER for parent in calls["parent_id"].tolist()]
    assert len(placed) >= 100
    assert sum(placed) >= 0.99 * len(placed)


def test_layout_conversions_are_told_apart_from_convolutions(resnet18: Report) -> None:
    convolutions = _of(resnet18, "a17", batch_size=1, layer_type="Conv")
    assert all(row["calls"] >= 1 for row in convolutions)
    assert all(row["compute_us"] > 0 for row in convolutions)
    assert {row["libraries"] for row in convolutions} <= {"onednn", "mkl", "mkl, onednn"}


def test_what_measuring_cost_is_told_for_each_level(resnet18: Report) -> None:
    rows = _of(resnet18, "a16", batch_size=1)
    assert [row["level_set"] for row in rows] == ["M", "M/L", "M/L/B"]
    assert all(row["added_us"] is None or row["added_us"] > 0 for row in rows)
    assert all(row["accounted_pct"] > 0 for row in rows[1:])


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "torch"])
def test_every_framework_does_the_same_work(backend: str, store: str) -> None:
    pytest.importorskip(backend)
    report = api.profile("mobilenet_v2", backend=backend, levels="M,L", iterations=3, store=store)
    rows = list(report.table("a14"))
    # The products, and the element-wise work that belongs to fused layers as well.
    assert _gflop(rows) == pytest.approx(0.627395456, rel=1e-6)
    assert _gflop(rows) > MOBILENET_V2_GFLOP


def test_onnx_runtime_executes_what_is_left_after_fusion(store: str) -> None:
    report = api.profile(
        "mobilenet_v2", backend="onnxruntime", levels="M,L", iterations=3, store=store
    )
    types = Counter(row["type"] for row in report.table("a2"))
    assert (types["Conv"], types["Gemm"]) == (52, 1)
    assert "BatchNormalization" not in types
