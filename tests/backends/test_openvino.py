from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dlscope.backends.openvino")

from dlscope.backends.openvino import OpenVinoBackend
from dlscope.core.errors import FeedError, LoadError, PlanError
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

TELEMETRY = """
import sys
from pathlib import Path
from dlscope.backends.openvino import OpenVinoBackend
OpenVinoBackend().open(Path(sys.argv[1])).close()
print(sys.modules.get("openvino_telemetry", "absent"))
from openvino.tools.ovc import telemetry_utils
print(telemetry_utils.tm.__name__)
"""


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file holds no ONNX graph"),
        (b"not a model " * 20, "openvino cannot open the model: Model can't be parsed"),
    ],
    ids=["empty", "garbage"],
)
def test_says_why_it_cannot_open_a_file(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(LoadError) as refusal:
        OpenVinoBackend().open(path)
    assert str(refusal.value) == (
        f"LoadError: {what}\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )


def test_refuses_an_unknown_precision() -> None:
    with pytest.raises(PlanError) as refusal:
        OpenVinoBackend().check({"precision": "f64"})
    assert str(refusal.value) == (
        "PlanError: backend 'openvino': option 'precision' is 'f64'\n"
        "  where  framework.options.precision\n"
        "  fix    use f32 or bf16 or f16"
    )


def test_reports_what_the_compiled_model_does(tmp_path: Path) -> None:
    path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
    with OpenVinoBackend().open(path, {"threads": 2}) as predictor:
        report = predictor.report()
    assert report["precision"] == "float32"
    assert str(report["layer_precisions"]).startswith("f32: ")
    assert report["device"] == "cpu"
    assert report["threads"] == 2
    assert report["streams"] == 1
    assert report["performance_hint"] == "latency"
    assert str(report["build"]).startswith(OpenVinoBackend.version())


def test_a_lower_precision_is_reported_and_seen(tmp_path: Path) -> None:
    small = SMALL_MODELS["convolutions"]
    path = small.build(tmp_path / "model.onnx")
    with (
        OpenVinoBackend().open(path) as exact,
        OpenVinoBackend().open(path, {"precision": "bf16"}) as rounded,
    ):
        wanted = exact.predict({"x": small.feed(2)})["y"]
        got = rounded.predict({"x": small.feed(2)})["y"]
        precision = rounded.report()["precision"]
    difference = float(np.abs(got - wanted).max() / np.abs(wanted).max())
    # A processor without bfloat16 falls back to float32, and says so.
    assert precision in ("bfloat16", "float32")
    assert (difference > 1e-5) == (precision == "bfloat16")
    assert difference < 0.05


def test_keeps_the_names_of_a_tensor_that_has_several(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Relu", "x", output="first")
    model.add("Identity", "first", output="second")
    spec = (np.float32, ["N", 4])
    path = model.save(tmp_path / "model.onnx", {"x": spec}, {"second": spec, "first": spec})
    x = np.array([[-1, 0, 1, 2]], np.float32)
    with OpenVinoBackend().open(path) as predictor:
        outputs = predictor.predict({"x": x})
    assert list(outputs) == ["second", "first"]
    np.testing.assert_array_equal(outputs["first"], np.maximum(x, 0))
    np.testing.assert_array_equal(outputs["second"], np.maximum(x, 0))


def test_loads_no_telemetry(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    command = [sys.executable, "-c", TELEMETRY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["None", "openvino.tools.ovc.telemetry_stub"]


def test_a_fixed_batch_is_planned_for_and_no_other_is_taken(tmp_path: Path) -> None:
    small = SMALL_MODELS["convolutions"]
    path = small.build(tmp_path / "model.onnx")
    with (
        OpenVinoBackend().open(path) as free,
        OpenVinoBackend().open(path, {"batch_size": 2}) as fixed,
    ):
        assert [spec.shape[0] for spec in free.inputs] == [None]
        assert [spec.shape[0] for spec in (*fixed.inputs, *fixed.outputs)] == [2, 2]
        wanted, got = (each.predict({"x": small.feed(2)})["y"] for each in (free, fixed))
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
        with pytest.raises(FeedError):
            fixed.predict({"x": small.feed(3)})
