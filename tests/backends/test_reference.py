from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope.backends.reference import ReferenceBackend
from dlscope.core.errors import LoadError
from dlscope.testing.small_models import dense


def test_computes_a_dense_layer_as_written_down(tmp_path: Path) -> None:
    path = dense(tmp_path / "model.onnx")
    x = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    with ReferenceBackend().open(path) as predictor:
        first = predictor.predict({"x": np.zeros_like(x)})["y"]
        second = predictor.predict({"x": x})["y"]
        third = predictor.predict({"x": 2 * x})["y"]
    # An affine function: y(2x) − y(x) = y(x) − y(0).
    np.testing.assert_allclose(third - second, second - first, rtol=1e-5, atol=1e-4)
    assert np.abs(first).max() > 0


def test_refuses_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a model " * 20)
    with pytest.raises(LoadError) as refusal:
        ReferenceBackend().open(path)
    assert refusal.value.what.startswith(
        "reference cannot open the model: Error parsing message with type 'onnx.ModelProto'"
    )
    assert refusal.value.where == str(path)
    assert refusal.value.fix == "export the model again, or choose another backend"
