from __future__ import annotations

import pytest

from dlscope.methods.bounds.setups import Setup


@pytest.mark.parametrize(
    ("setup", "label"),
    [
        (Setup("onnxruntime"), "onnxruntime"),
        (Setup("onnxruntime", {"graph_optimization": "all"}), "onnxruntime"),
        (Setup("torch", {"channels_last": True}), "torch, channels_last=True"),
        (
            Setup("onnxruntime", {"graph_optimization": "disabled"}, {"LRN": "openvino"}),
            "onnxruntime, graph_optimization=disabled, LRN=openvino",
        ),
    ],
)
def test_a_label_says_what_is_not_as_it_comes(setup: Setup, label: str) -> None:
    assert setup.label == label


def test_what_is_set_to_what_it_is_anyway_makes_no_other_setup() -> None:
    assert Setup("onnxruntime", {"inter_op_threads": 1}) == Setup("onnxruntime")


def test_options_have_their_defaults() -> None:
    assert Setup("openvino").option("precision") == "f32"
    assert Setup("openvino", {"precision": "bf16"}).option("precision") == "bf16"
    assert Setup("openvino").option("unheard_of") is None


def test_changes_make_another_setup() -> None:
    first = Setup("onnxruntime")
    assert first.with_option("inter_op_threads", 2).told == "inter_op_threads=2"
    assert first.with_layers_in("LRN", "openvino").elsewhere == {"LRN": "openvino"}
    assert first == Setup("onnxruntime")


def test_a_setup_survives_as_plain_data() -> None:
    setup = Setup("torch", {"channels_last": True}, {"LRN": "openvino"})
    assert Setup.from_json(setup.to_json()) == setup
