from __future__ import annotations

from importlib.metadata import distribution, version
from pathlib import Path

import pytest

from dlscope.core.digest import file_digest
from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import DatasetManifest, ModelManifest, Reference, StepSpec
from dlscope.core.manifest.base import Asset
from dlscope.data.records import Records
from dlscope.methods.evaluation.checking import check_dataset, check_labels, check_model
from dlscope.methods.evaluation.resolving import resolve_model
from dlscope.testing.small_experiment import write_hooked


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


@pytest.fixture
def two_graphs(model, tmp_path) -> ModelManifest:
    """The model with its graph in TFLite too, where its tensors have other names."""
    pytest.importorskip("ai_edge_litert")
    from dlscope.backends.onnx_to_tflite.flatfile import write
    from dlscope.backends.onnx_to_tflite.graph import Graph

    graph = Graph({})
    fed = graph.input("image", (None, 3, 8, 8), "float32")
    made = graph.add("MEAN", [fed.place, graph.numbers([2, 3])], (None, 4), "float32")
    write(graph, {"image": fed.place}, {"scores": made.place}, tmp_path / "m.tflite")
    asset = Asset(source=f"file:{tmp_path / 'm.tflite'}", tensors={"x": "image", "y": "scores"})
    return model.model_copy(update={"assets": {**model.assets, "graph_tflite": asset}})


def with_names(model: ModelManifest, **tensors: str) -> ModelManifest:
    asset = model.assets["graph_tflite"].model_copy(update={"tensors": tensors})
    return model.model_copy(update={"assets": {**model.assets, "graph_tflite": asset}})


def test_the_same_network_in_two_formats_has_no_problem(two_graphs) -> None:
    assert check_model(two_graphs) == []


def test_a_model_with_a_tflite_graph_alone_is_checked_alike(two_graphs) -> None:
    assets = {"graph": two_graphs.assets["graph_tflite"]}
    alone = two_graphs.model_copy(update={"assets": assets})
    assert check_model(alone) == []
    assert told(check_model(with_input(alone, element_type="int32"))) == [
        (
            "the steps end in float32, but element_type is int32",
            "inputs[0].preprocess[5].transpose",
            "change the steps, or correct inputs[0].element_type",
        ),
        (
            "'x' is float32 in the graph, not int32",
            "inputs[0].element_type",
            "the graph has: x float32[?, 3, 8, 8]",
        ),
    ]


def test_a_name_that_the_other_file_lacks_is_told(two_graphs) -> None:
    assert told(check_model(with_names(two_graphs, x="image", y="score"))) == [
        (
            "the graph has no tensor 'score'",
            "assets.graph_tflite.tensors.y",
            "the graph has: image, scores",
        ),
        (
            "the graph has no tensor 'y' among its outputs",
            "graph_tflite: outputs[0].tensor",
            "the graph has: scores float32[?, 4]",
        ),
    ]


def test_a_graph_in_a_format_that_is_not_read_has_no_problem(model) -> None:
    assets = {"graph_saved_model": model.assets["graph"]}
    assert check_model(model.model_copy(update={"assets": assets})) == []


def test_a_file_of_hooks_that_changed_is_told_at_its_line(tmp_path: Path) -> None:
    manifest = write_hooked(tmp_path, "prepare = None", preprocess="prepare")
    code = tmp_path / "hooks.py"
    before = file_digest(code)
    code.write_text("prepare = 'another'")
    with pytest.raises(DlscopeError) as caught:
        resolve_model(Reference(name=str(manifest)))
    line = 1 + manifest.read_text().splitlines().index("  module: file:hooks.py")
    assert str(caught.value) == (
        f"DataError: {code} has the SHA-256 {file_digest(code)}, expected {before}\n"
        f"  where  {manifest}:{line}, hooks.module\n"
        "  fix    restore the file, or correct the manifest"
    )


def test_a_file_of_hooks_that_is_missing_is_told(tmp_path: Path) -> None:
    manifest = write_hooked(tmp_path, "prepare = None", preprocess="prepare")
    (tmp_path / "hooks.py").unlink()
    with pytest.raises(DlscopeError) as caught:
        resolve_model(Reference(name=str(manifest)))
    assert (caught.value.what, caught.value.fix) == (
        f"there is no file {tmp_path / 'hooks.py'}",
        "correct the path after file:",
    )


def test_a_file_of_hooks_may_come_with_a_distribution(model) -> None:
    wanted = f"numpy=={version('numpy')}"
    file = Path(str(distribution("numpy").locate_file("numpy/version.py")))
    hooks = {"module": f"pkg:{wanted}#numpy/version.py", "preprocess": "f"}
    data = {**model.to_json(), "hooks": {**hooks, "sha256": file_digest(file)}}
    assert check_model(ModelManifest.model_validate(data)) == []
    data = {**model.to_json(), "hooks": {**hooks, "sha256": "0" * 64}}
    (problem,) = check_model(ModelManifest.model_validate(data))
    assert problem.fix == f"pip install --force-reinstall --no-deps {wanted}"


def test_classes_that_a_hook_answers_are_not_counted_beforehand(hooked, dataset) -> None:
    fewer = dataset.model_copy(update={"classes": 3})
    assert check_dataset(hooked("", preprocess="prepare").model, fewer)
    assert check_dataset(hooked("", postprocess="finish").model, fewer) == []


LABELS = {
    "all within": ([0, 3], []),
    "one above": (
        [0, 4],
        [
            (
                "the label 4 is none of the 4 classes",
                "options.items[1].target.label",
                "correct the label: it is a number from 0 to 3; or write classes: 5 in the "
                "manifest",
            )
        ],
    ),
    "two above": (
        [4, 9, 1],
        [
            (
                "the label 4 is none of the 4 classes (and 1 more label)",
                "options.items[0].target.label",
                "correct the label: it is a number from 0 to 3; or write classes: 10 in the "
                "manifest",
            )
        ],
    ),
    "one below": (
        [-1, 9, 5],
        [
            (
                "the label -1 is none of the 4 classes (and 2 more labels)",
                "options.items[0].target.label",
                "correct the label: it is a number from 0 to 3",
            )
        ],
    ),
    "no numbers": ([0, "cat"], []),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_that_are_no_class_are_told_with_their_place(dataset, case) -> None:
    labels, problems = LABELS[case]
    items = [
        {"id": str(number), "input": {"text": "a"}, "target": {"label": label}}
        for number, label in enumerate(labels)
    ]
    manifest = dataset.model_copy(update={"classes": 4})
    found = [
        (what, where.removeprefix(f"{manifest.identity}, "), fix)
        for what, where, fix in told(check_labels(manifest, Records(None, {"items": items})))
    ]
    assert found == problems


def test_labels_are_not_held_against_classes_that_nobody_declares(dataset) -> None:
    items = [{"id": "a", "input": {"text": "a"}, "target": {"label": 12}}]
    manifest = dataset.model_copy(update={"classes": None})
    assert check_labels(manifest, Records(None, {"items": items})) == []
