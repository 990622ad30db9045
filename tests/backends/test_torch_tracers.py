from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from dlscope.backends.perf_sampling import perf_capability
from dlscope.backends.torch import TorchBackend
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS

SMALL = SMALL_MODELS["convolutions"]


def _names(path: Path, *levels: Level) -> list[str]:
    _, tracers = TorchBackend().open_traced(path, {}, levels)
    return [tracer.name for tracer in tracers]


def test_each_level_has_its_tracer(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    sampler = "perf" if perf_capability().is_available else "verbose"
    assert _names(path, Level.MODEL) == []
    assert _names(path, Level.MODEL, Level.LAYER) == ["torch"]
    assert _names(path, Level.MODEL, Level.LIBRARY) == ["verbose"]
    assert _names(path, Level.LAYER, Level.KERNEL) == ["torch", sampler]


def test_a_traced_model_predicts_the_same(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    feeds = {"x": SMALL.feed(2)}
    plain = TorchBackend().open(path).predict(feeds)
    traced, (tracer,) = TorchBackend().open_traced(path, {}, [Level.LAYER])
    before = traced.predict(feeds)
    tracer.start()
    during = traced.predict(feeds)
    tracer.stop()
    for outputs in (before, during, traced.predict(feeds)):
        np.testing.assert_array_equal(outputs["y"], plain["y"])
    assert len(tracer.drain().trace) == 4


def test_every_level_below_the_model_is_told_of() -> None:
    found = {each.level: each for each in TorchBackend.capabilities()}
    assert list(found) == [Level.LAYER, Level.LIBRARY, Level.KERNEL, Level.COUNTER]
    assert found[Level.LAYER].is_available
    for capability in found.values():
        assert capability.is_available or (capability.reason and capability.fix)


def test_without_perf_kernels_come_from_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    perf_capability.cache_clear()
    monkeypatch.setenv("PATH", "")
    try:
        found = {each.level: each for each in TorchBackend.capabilities()}
    finally:
        perf_capability.cache_clear()
    assert found[Level.KERNEL].tracer == "verbose"
    assert found[Level.KERNEL].is_available == found[Level.LIBRARY].is_available
