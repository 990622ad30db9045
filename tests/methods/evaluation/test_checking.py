from __future__ import annotations

import pytest

from dlscope.core.manifest import DatasetManifest, ModelManifest, StepSpec
from dlscope.methods.evaluation.checking import check_dataset, check_model


@pytest.fixture
def model(plan) -> ModelManifest:
    return plan.model


@pytest.fixture
def dataset(plan) -> DatasetManifest:
    return plan.dataset


def with_input(model: ModelManifest, **changes) -> ModelManifest:
    return model.model_copy(update={"inputs": (model.inputs[0].model_copy(update=changes),)})


def with_output(model: ModelManifest, **changes) -> ModelManifest:
    return model.model_copy(update={"outputs": (model.outputs[0].model_copy(update=changes),)})


def told(problems) -> list[tuple[str, str, str]]:
    return [(each.what, each.where, each.fix) for each in problems]


def test_a_right_model_and_data_set_have_no_problem(model, dataset) -> None:
    assert check_model(model) == []
    assert check_dataset(model, dataset) == []


def test_a_tensor_that_the_graph_lacks_is_told_with_those_it_has(model) -> None:
    wrong = with_output(with_input(model, tensor="input"), tensor="logits")
    listed = "the graph has: x float32[N, 3, 8, 8]"
    assert told(check_model(wrong)) == [
        ("the graph has no tensor 'input' among its inputs", "inputs[0].tensor", listed),
        (
            "the graph has no tensor 'logits' among its outputs",
            "outputs[0].tensor",
            "the graph has: y float32[N, 4]",
        ),
        (
            "graph input 'x' is fed by no input of the manifest",
            "inputs",
            "add an input for x float32[N, 3, 8, 8]",
        ),
    ]


def test_a_wrong_element_type_is_told(model) -> None:
    wrong = with_output(model, element_type="int64")
    assert told(check_model(wrong)) == [
        (
            "'y' is float32 in the graph, not int64",
            "outputs[0].element_type",
            "the graph has: y float32[N, 4]",
        )
    ]


@pytest.mark.parametrize(
    ("shape", "said"), [(("N", 5), "[N, 5]"), (("N", 4, 1), "[N, 4, 1]"), ((4,), "[4]")]
)
def test_a_wrong_shape_is_told(model, shape, said) -> None:
    wrong = with_output(model, shape=shape, layout="NKT"[: len(shape)], postprocess=())
    assert told(check_model(wrong)) == [
        (
            f"'y' is float32[N, 4] in the graph, not {said}",
            "outputs[0].shape",
            "the graph has: y float32[N, 4]",
        )
    ]


def test_a_layout_with_other_axes_than_the_shape_is_told(model) -> None:
    wrong = with_output(model, layout="NKT")
    assert (
        "layout NKT names 3 axes, the shape has 2",
        "outputs[0].layout",
        "give one letter for each size",
    ) in told(check_model(wrong))


def test_steps_that_end_in_another_layout_are_told(model) -> None:
    steps = model.inputs[0].preprocess[:-1]
    assert told(check_model(with_input(model, preprocess=steps))) == [
        (
            "the steps end in HWC, but layout is NCHW",
            "inputs[0].preprocess[4].normalize",
            "change the steps, or correct inputs[0].layout",
        )
    ]


def test_steps_that_end_in_another_shape_are_told(model) -> None:
    steps = [
        StepSpec(name="resize", parameters={**step.parameters, "size": [9, 7]})
        if step.name == "resize"
        else step
        for step in model.inputs[0].preprocess
    ]
    assert told(check_model(with_input(model, preprocess=tuple(steps)))) == [
        (
            "the steps end in [3, 9, 7], but shape is [N, 3, 8, 8]",
            "inputs[0].preprocess[5].transpose",
            "change the steps, or correct inputs[0].shape",
        )
    ]


def test_a_model_without_a_graph_is_told(model) -> None:
    weights = {"weights": model.assets["graph"]}
    assert told(check_model(model.model_copy(update={"assets": weights}))) == [
        ("there is no graph to run", "assets", "add assets.graph: {source: …}")
    ]


def test_another_task_is_told(model, dataset) -> None:
    other = dataset.model_copy(update={"task": "object_detection"})
    assert told(check_dataset(model, other)) == [
        (
            "pictures is for object_detection, colors does image_classification",
            "model colors, data set pictures",
            "choose a data set for image_classification (see `dlscope datasets`)",
        )
    ]


def test_another_number_of_classes_is_told(model, dataset) -> None:
    other = dataset.model_copy(update={"classes": 1000})
    assert told(check_dataset(model, other)) == [
        (
            "colors answers 4 classes, pictures has 1000",
            "model colors, outputs",
            "add a drop_class step for a background class, or choose another data set",
        )
    ]


def test_a_dropped_class_is_not_counted(model, dataset) -> None:
    steps = (StepSpec(name="drop_class", parameters={"index": 0}), *model.outputs[0].postprocess)
    fewer = dataset.model_copy(update={"classes": 3})
    assert check_dataset(with_output(model, postprocess=steps), fewer) == []


def test_a_data_set_without_a_class_count_contradicts_nothing(model, dataset) -> None:
    assert check_dataset(model, dataset.model_copy(update={"classes": None})) == []
