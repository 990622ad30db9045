from __future__ import annotations

import pytest

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.own_code import COMPOSED, own_code
from dlscope.methods.bounds.setups import Setup


@pytest.mark.parametrize(
    ("setup", "implementations", "is_fusing", "layout"),
    [
        (Setup("onnxruntime"), {"ort", "ort_blocked"}, True, "blocked"),
        (Setup("onnxruntime", {"graph_optimization": "extended"}), {"ort"}, True, None),
        (Setup("onnxruntime", {"graph_optimization": "disabled"}), {"ort"}, False, None),
        (Setup("openvino"), {"openvino"}, True, None),
        (Setup("torch"), {"torch_nchw"}, False, None),
        (Setup("torch", {"channels_last": True}), {"torch_nchw", "torch_nhwc"}, False, None),
    ],
)
def test_options_decide_what_a_backend_computes_with(
    setup: Setup, implementations: set[str], is_fusing: bool, layout: str | None
) -> None:
    own = own_code(setup.backend, setup)
    assert (own.implementations, own.is_fusing, own.layout) == (implementations, is_fusing, layout)


def test_a_backend_that_only_helps_comes_as_it_is() -> None:
    short = own_code("openvino", Setup("openvino", {"precision": "bf16"}))
    assert short.has(Cost(1, "openvino", dtype="bfloat16"))
    helping = own_code("openvino", Setup("torch", {"channels_last": True}, {"LRN": "openvino"}))
    assert not helping.has(Cost(1, "openvino", dtype="bfloat16"))
    assert helping.has(Cost(1, "openvino"))


@pytest.mark.parametrize("backend", COMPOSED)
def test_only_openvino_compiles_a_model_whole(backend: str) -> None:
    assert own_code(backend, Setup(backend)).is_compiled == (backend == "openvino")


def test_code_that_is_not_known_is_refused() -> None:
    assert "reference" not in COMPOSED
    with pytest.raises(BoundError, match="what reference computes layers with is not measured"):
        own_code("reference", Setup("reference"))
