from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert")

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from dlscope.backends.litert import LiteRtBackend
from dlscope.backends.onnx_to_tflite.flatfile import write
from dlscope.backends.onnx_to_tflite.graph import Graph
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.errors import BackendError, LoadError, PlanError
from dlscope.core.manifest import ModelManifest
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

_PITCH = "basic_pitch/saved_models/icassp_2022/nmp"


def published(ending: str) -> Path:
    return Path(str(distribution("basic-pitch").locate_file(f"{_PITCH}.{ending}")))


def quantized(path: Path) -> Path:
    """A file that makes floats, 0.5 · (q − 3), of int8 numbers q."""
    graph = Graph({})
    fed = graph.input("q", (None, 2), "int8")
    made = graph.add("DEQUANTIZE", [fed.place], (None, 2), "float32", options="DequantizeOptions")
    write(graph, {"q": fed.place}, {"y": made.place}, path)
    model = flatbuffer_utils.read_model(str(path))
    scale = schema.QuantizationParametersT()
    scale.scale, scale.zeroPoint = [0.5], [3]
    model.subgraphs[0].tensors[fed.place].quantization = scale
    flatbuffer_utils.write_model(model, str(path))
    return path


def without_signature(path: Path) -> Path:
    model = flatbuffer_utils.read_model(str(path))
    model.signatureDefs = []
    flatbuffer_utils.write_model(model, str(path))
    return path


def test_opens_a_tflite_file_as_others_publish_it() -> None:
    seconds = np.arange(43844) / 22050
    sound = np.sin(2 * np.pi * 440 * seconds).astype(np.float32).reshape(1, -1, 1)
    with (
        LiteRtBackend().open(published("tflite")) as predictor,
        OnnxRuntimeBackend().open(published("onnx")) as oracle,
    ):
        got = predictor.predict({"input_2": sound})
        wanted = oracle.predict({"serving_default_input_2:0": sound})
    assert list(got) == ["onset", "note", "contour"]
    for name, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(got[name], wanted[other], atol=1e-5)
    assert got["note"][0].max(axis=0).argmax() + 21 == 69


@pytest.mark.parametrize("delegate", ["xnnpack", "none"])
def test_both_sets_of_kernels_compute_the_same_model(tmp_path: Path, delegate: str) -> None:
    small = SMALL_MODELS["convolutions"]
    path, feeds = small.build(tmp_path / "m.onnx"), {"x": small.feed(2)}
    with (
        LiteRtBackend().open(path, {"delegate": delegate}) as predictor,
        OnnxRuntimeBackend().open(path) as oracle,
    ):
        np.testing.assert_allclose(
            predictor.predict(feeds)["y"], oracle.predict(feeds)["y"], 1e-4, 1e-5
        )
        assert predictor.report()["delegate"] == delegate
        assert predictor.report()["delegated_parts"] == (1 if delegate == "xnnpack" else 0)


def test_quantised_inputs_are_passed_as_they_are(tmp_path: Path) -> None:
    with LiteRtBackend().open(quantized(tmp_path / "q.tflite")) as predictor:
        (spec,) = predictor.inputs
        made = predictor.predict({"q": np.array([[3, 7]], np.int8)})["y"]
        report = dict(predictor.report())
    assert str(spec) == "int8[?, 2]"
    np.testing.assert_array_equal(made, [[0, 2]])
    assert report["quantization of q"] == "0.5 · (q − 3)"
    assert report["precision"] == "quantized"


def test_a_file_without_a_signature_shows_the_names_of_its_tensors(tmp_path: Path) -> None:
    path = without_signature(quantized(tmp_path / "q.tflite"))
    with LiteRtBackend().open(path) as predictor:
        assert [spec.name for spec in predictor.inputs] == ["q"]
        assert [spec.name for spec in predictor.outputs] == ["t1"]


def test_a_scalar_stays_a_scalar(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Neg", "x", output="y")
    scalar = (np.float32, [])
    path = model.save(tmp_path / "m.onnx", {"x": scalar}, {"y": scalar})
    with LiteRtBackend().open(path) as predictor:
        made = predictor.predict({"x": np.array(2, np.float32)})["y"]
    assert (made.shape, float(made)) == ((), -2.0)


def test_sizes_may_change_between_predictions(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Conv", "x", model.weight(4, 3, 3, 3, fan_in=27), pads=[1, 1, 1, 1], output="y")
    image = (np.float32, ["N", 3, "H", "W"])
    path = model.save(tmp_path / "m.onnx", {"x": image}, {"y": (np.float32, ["N", 4, "H", "W"])})
    rng = np.random.default_rng(0)
    with LiteRtBackend().open(path) as predictor, OnnxRuntimeBackend().open(path) as oracle:
        for shape in ((1, 3, 8, 9), (2, 3, 12, 5), (1, 3, 8, 9)):
            feeds = {"x": rng.standard_normal(shape).astype(np.float32)}
            np.testing.assert_allclose(
                predictor.predict(feeds)["y"], oracle.predict(feeds)["y"], 1e-4, 1e-5
            )


def test_a_size_that_does_not_fit_leaves_the_others_usable(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Reshape", "x", model.constant(np.array([-1, 4])), output="y")
    rows = (np.float32, ["N"])
    path = model.save(tmp_path / "m.onnx", {"x": rows}, {"y": (np.float32, ["M", 4])})
    row = np.arange(8, dtype=np.float32)
    with LiteRtBackend().open(path) as predictor:
        with pytest.raises(BackendError) as refusal:
            predictor.predict({"x": row[:6]})
        assert refusal.value.what.startswith("the framework failed to predict: ")
        np.testing.assert_array_equal(predictor.predict({"x": row})["y"], row.reshape(2, 4))


def test_an_onnx_file_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    path, backend = SMALL_MODELS["dense"].build(tmp_path / "m.onnx"), LiteRtBackend()
    backend.convert(path)
    (made,) = (tmp_path / "cache" / "converted").glob("litert-*-1-*/model.tflite")
    before = made.stat()
    backend.open(path).close()
    assert made.stat() == before


def test_a_tflite_file_is_not_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    LiteRtBackend().open(quantized(tmp_path / "q.tflite")).close()
    assert not (tmp_path / "cache" / "converted").exists()


def test_refuses_a_broken_tflite_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"\x10\0\0\0TFL3" + b"\xff" * 40)
    with pytest.raises(LoadError) as refusal:
        LiteRtBackend().open(path)
    assert str(refusal.value) == (
        "LoadError: the file is not a TFLite model\n"
        f"  where  {path}\n"
        "  fix    give the path of a .tflite file, and fetch it again if it is one"
    )


def test_refuses_an_unknown_delegate() -> None:
    options: dict[str, Any] = {"delegate": "gpu"}
    with pytest.raises(PlanError) as refusal:
        LiteRtBackend().check(options)
    assert str(refusal.value) == (
        "PlanError: backend 'litert': option 'delegate' is 'gpu'\n"
        "  where  framework.options.delegate\n"
        "  fix    use xnnpack or none"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("efficientnet-lite0", {"input": (2, 3, 224, 224)}),
        ("magika", {"bytes": (3, 2048)}),
        ("silero-vad", {"input": (2, 576), "state": (2, 2, 128)}),
        ("centerface", {"input.1": (1, 3, 64, 96)}),
        ("pp-ocr-rec", {"x": (1, 3, 48, 64)}),
        (
            "all-minilm-l6-v2",
            {"input_ids": (2, 7), "attention_mask": (2, 7), "token_type_ids": (2, 7)},
        ),
    ],
)
def test_computes_the_models_of_the_catalog(name: str, shapes: dict[str, tuple[int, ...]]) -> None:
    manifest = find("model", name)
    assert isinstance(manifest, ModelManifest)
    path, rng = fetch(manifest).paths["graph"], np.random.default_rng(0)
    with LiteRtBackend().open(path) as predictor, OnnxRuntimeBackend().open(path) as oracle:
        feeds = {
            # 0 and 1 are words, masks and types of words alike. With nothing but such bytes the
            # sums of Magika's normalisation cancel out, and frameworks differ by 6e-3.
            spec.name: rng.integers(0, 257 if name == "magika" else 2, shapes[spec.name]).astype(
                spec.dtype
            )
            if spec.dtype.startswith("int")
            else rng.standard_normal(shapes[spec.name]).astype(spec.dtype)
            for spec in oracle.inputs
        }
        got, wanted = predictor.predict(feeds), oracle.predict(feeds)
    for output, array in wanted.items():
        assert np.abs(got[output] - array).max() <= 1e-4 * np.abs(array).max()
