from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2")

import cv2

from dlscope.backends.opencv import OpenCvBackend
from dlscope.testing.small_models import SMALL_MODELS


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    return SMALL_MODELS["dense"].build(tmp_path / "dense.onnx")


def test_reports_what_it_computes_with(dense: Path) -> None:
    with OpenCvBackend().open(dense, {"threads": 2}) as predictor:
        assert predictor.report() == {
            "precision": "float32",
            "device": "cpu",
            "threads": 2,
            "engine": "new",
            "winograd": True,
        }


def test_each_predictor_predicts_with_its_own_threads(dense: Path) -> None:
    feeds = {"x": SMALL_MODELS["dense"].feed(1)}
    with (
        OpenCvBackend().open(dense, {"threads": 1}) as one,
        OpenCvBackend().open(dense, {"threads": 2}) as two,
    ):
        for predictor, threads in ((one, 1), (two, 2), (one, 1)):
            predictor.predict(feeds)
            assert cv2.getNumThreads() == threads


def test_plans_anew_for_another_batch(dense: Path) -> None:
    small = SMALL_MODELS["dense"]
    with OpenCvBackend().open(dense) as predictor:
        whole = predictor.predict({"x": small.feed(5)})["y"]
        single = predictor.predict({"x": small.feed(5)[2:3]})["y"]
        again = predictor.predict({"x": small.feed(5)})["y"]
    np.testing.assert_allclose(single[0], whole[2], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(again, whole)


def test_averages_over_padding_as_onnx_says(tmp_path: Path) -> None:
    """The engine before version 5 does not, which is why it is not used."""
    small = SMALL_MODELS["pooling"]
    path = small.build(tmp_path / "pooling.onnx")
    x = small.feed(2)
    older = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)
    older.setInput(x, "x")
    with OpenCvBackend().open(path) as predictor:
        y = predictor.predict({"x": x})["y"]
    assert np.abs(older.forward("y").reshape(y.shape) - y).max() > 0.1
