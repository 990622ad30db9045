from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.core.errors import BackendError, LoadError, PlanError
from dlscope.testing.small_models import SMALL_MODELS, embedding


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "No graph was found in the protobuf"),
        (b"not a model " * 20, "Protobuf parsing failed"),
    ],
    ids=["empty", "garbage"],
)
def test_says_why_it_cannot_open_a_file(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(LoadError) as refusal:
        OnnxRuntimeBackend().open(path)
    assert str(refusal.value) == (
        f"LoadError: onnxruntime cannot open the model: {reason}\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )


def test_refuses_an_unknown_graph_optimization() -> None:
    with pytest.raises(PlanError) as refusal:
        OnnxRuntimeBackend().check({"graph_optimization": "some"})
    assert str(refusal.value) == (
        "PlanError: backend 'onnxruntime': option 'graph_optimization' is 'some'\n"
        "  where  framework.options.graph_optimization\n"
        "  fix    use all or extended or basic or disabled"
    )


def test_refuses_a_provider_it_does_not_offer() -> None:
    with pytest.raises(PlanError) as refusal:
        OnnxRuntimeBackend().check({"execution_provider": "cuda"})
    assert str(refusal.value) == (
        "PlanError: backend 'onnxruntime': option 'execution_provider' is 'cuda'\n"
        "  where  framework.options.execution_provider\n"
        "  fix    use cpu"
    )


@pytest.mark.parametrize("optimization", ["all", "extended", "basic", "disabled"])
def test_graph_optimization_does_not_change_the_model(tmp_path: Path, optimization: str) -> None:
    small = SMALL_MODELS["encoder"]
    path = small.build(tmp_path / "model.onnx")
    with (
        OnnxRuntimeBackend().open(path, {"graph_optimization": "disabled"}) as plain,
        OnnxRuntimeBackend().open(path, {"graph_optimization": optimization}) as optimized,
    ):
        wanted = plain.predict({"x": small.feed(2)})["y"]
        got = optimized.predict({"x": small.feed(2)})["y"]
        assert optimized.report()["graph_optimization"] == optimization
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_reports_the_settings_of_its_session(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    with OnnxRuntimeBackend().open(path, {"threads": 2}) as predictor:
        assert predictor.report() == {
            "precision": "float32",
            "device": "cpu",
            "providers": "CPUExecutionProvider",
            "threads": 2,
            "inter_op_threads": 1,
            "graph_optimization": "all",
        }


def test_a_token_outside_the_table_fails_with_a_stated_error(tmp_path: Path) -> None:
    tokens = np.full((1, 6), 99, np.int64)
    with (
        OnnxRuntimeBackend().open(embedding(tmp_path / "model.onnx")) as predictor,
        pytest.raises(BackendError, match=r"the framework failed to predict: .*indices element"),
    ):
        predictor.predict({"x": tokens})
