from __future__ import annotations

import pytest

from dlscope.core.manifest import FrameworkRequirement, ModelManifest, StepSpec


def test_steps_are_written_short_and_kept_in_full(model_data) -> None:
    model = ModelManifest.model_validate(model_data)
    assert model.inputs[0].preprocess == (
        StepSpec(name="decode"),
        StepSpec(name="resize", parameters={"size": 8}),
        StepSpec(name="cast"),
    )


@pytest.mark.parametrize(
    "step", [{"name": "flip"}, {"name": "flip", "parameters": {}}, {"flip": {}}, "flip"]
)
def test_every_way_to_write_a_step_is_the_same(model_data, step) -> None:
    model_data["inputs"][0]["preprocess"] = [step]
    model = ModelManifest.model_validate(model_data)
    assert model.inputs[0].preprocess == (StepSpec(name="flip"),)


def test_a_framework_may_be_one_or_several(model_data) -> None:
    requirement = FrameworkRequirement(name="onnxruntime", version=">=1.17,<2")
    assert ModelManifest.model_validate(model_data).framework == (requirement,)
    model_data["framework"] = [model_data["framework"], {"name": "torch"}]
    assert ModelManifest.model_validate(model_data).framework == (
        requirement,
        FrameworkRequirement(name="torch", version="*"),
    )
    del model_data["framework"]
    assert ModelManifest.model_validate(model_data).framework == ()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "NK", "NTD", "CHW", "NS", "N", ""])
def test_takes_the_layouts_in_use(model_data, layout: str) -> None:
    model_data["inputs"][0]["layout"] = layout
    assert ModelManifest.model_validate(model_data).inputs[0].layout == layout


def test_shapes_have_numbers_batches_and_free_sizes(model_data) -> None:
    assert ModelManifest.model_validate(model_data).inputs[0].shape == ("N", 3, 8, None)


def test_the_prediction_is_the_first_output_with_steps(model_data) -> None:
    first = model_data["outputs"][0]
    second = {**first, "name": "boxes", "postprocess": ["nms"]}
    assert ModelManifest.model_validate(model_data).prediction.name == "probabilities"
    model_data["outputs"] = [first, second]
    assert ModelManifest.model_validate(model_data).prediction.name == "boxes"


@pytest.mark.parametrize(
    ("formats", "role"),
    [
        ({"onnx"}, "graph"),
        ({"tflite"}, "graph_tflite"),
        ({"onnx", "tflite"}, "graph_tflite"),
        ({"onnx", "openvino"}, "graph"),
        ({"saved_model"}, None),
    ],
)
def test_a_backend_opens_its_own_format_before_onnx(model_data, formats, role) -> None:
    asset = {"source": "file:model.bin"}
    model_data["assets"] = {"labels": asset, "graph": asset, "graph_tflite": asset}
    assert ModelManifest.model_validate(model_data).graph_role(formats) == role


def test_a_graph_is_of_the_format_its_name_ends_in(model_data) -> None:
    model_data["assets"] = {"graph": {"source": "file:model.tflite"}}
    model = ModelManifest.model_validate(model_data)
    assert (model.graph_role({"onnx"}), model.graph_role({"tflite"})) == (None, "graph")


def test_attributes_keep_their_types(model_data) -> None:
    attributes = {"family": "cnn", "depth": 5, "width": 1.5, "pretrained": True}
    model_data["attributes"] = attributes
    kept = ModelManifest.model_validate(model_data).to_json()["attributes"]
    assert {key: type(value) for key, value in kept.items()} == {
        key: type(value) for key, value in attributes.items()
    }
