from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ncnn")
pytest.importorskip("pnnx")

from dlscope.backends.conversion import converted
from dlscope.backends.ncnn import NcnnBackend
from dlscope.core.errors import BackendError, LoadError
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder


def _negative(path: Path, shape: list[int | str], dtype: type[np.generic] = np.float32) -> Path:
    model = ModelBuilder()
    model.add("Neg", "x", output="y")
    return model.save(path, {"x": (dtype, shape)}, {"y": (dtype, shape)})


def test_reports_what_it_computes_with(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "dense.onnx")
    with NcnnBackend().open(path, {"threads": 2}) as predictor:
        assert predictor.report() == {
            "precision": "float32",
            "device": "cpu",
            "threads": 2,
            "items_at_once": 1,
        }


def test_only_the_net_itself_is_kept(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "dense.onnx")
    backend = NcnnBackend()
    backend.convert(path)

    def never(folder: Path) -> None:
        raise AssertionError(folder)

    kept = converted(path, "ncnn", f"{backend.version()}-{backend.converter}", never)
    names = {each.name for each in kept.iterdir()}
    assert names == {"model.ncnn.bin", "model.ncnn.param", "signature.json"}


@pytest.mark.parametrize(
    ("shape", "dtype", "what"),
    [
        (
            ["N", "T"],
            np.float32,
            "ncnn needs every size but the batch, of floats or whole numbers; input 'x' is "
            "float32[?, ?]",
        ),
        (
            ["N", 2],
            np.float64,
            "ncnn needs every size but the batch, of floats or whole numbers; input 'x' is "
            "float64[?, 2]",
        ),
        (
            [3, 2],
            np.float32,
            "ncnn answers one item at a time; the first axis of 'x' is none of items: "
            "float32[3, 2]",
        ),
    ],
)
def test_refuses_what_could_only_be_guessed(tmp_path: Path, shape, dtype, what: str) -> None:
    with pytest.raises(LoadError) as caught:
        NcnnBackend().open(_negative(tmp_path / "negative.onnx", shape, dtype))
    assert caught.value.what == what


def test_refuses_a_batch_of_nothing(tmp_path: Path) -> None:
    with (
        NcnnBackend().open(_negative(tmp_path / "negative.onnx", ["N", 2])) as predictor,
        pytest.raises(BackendError) as caught,
    ):
        predictor.predict({"x": np.zeros((0, 2), np.float32)})
    assert caught.value.describe() == (
        "BackendError: the inputs have 0 items\n"
        "  where  NcnnPredictor\n"
        "  fix    feed at least one item, and as many to every input"
    )
