"""A model's own code around its steps, or in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core.digest import bytes_digest
from dlscope.core.errors import DataError, PlanError
from dlscope.core.manifest import ModelManifest, parse_manifest
from dlscope.pipelines.hook_module import LoadedHooks, load_hooks
from dlscope.pipelines.preparation import Preparation

ROW = {
    "name": "row",
    "tensor": "r",
    "type": "tensor",
    "element_type": "float32",
    "layout": "NS",
    "shape": ["N", 3],
}
STATE = {**ROW, "name": "state", "tensor": "s", "layout": "LND", "shape": [2, "N", 3]}
WHOLE = {**ROW, "name": "whole", "tensor": "w", "layout": "S", "shape": [3]}
CLASSES = {
    "name": "y",
    "tensor": "y",
    "type": "classification",
    "element_type": "float32",
    "layout": "NK",
    "shape": ["N", 2],
    "postprocess": [{"top_k": {"k": 2}}],
}
SPARE = {**CLASSES, "name": "z", "tensor": "z", "postprocess": []}


def manifest(functions: dict[str, str], text: str, path: Path, **changes: Any) -> ModelManifest:
    path.write_text(f"import numpy as np\n{text}\n", encoding="utf-8")
    hooks = {"module": f"file:{path}", "sha256": bytes_digest(path.read_bytes()), **functions}
    data = {
        "kind": "model",
        "schema_version": 1,
        "name": "m",
        "version": "1.2.0",
        "task": "raw",
        "license": "MIT",
        "assets": {"graph": {"source": "file:m.onnx"}},
        "inputs": [ROW],
        "outputs": [CLASSES],
        "hooks": hooks,
        **changes,
    }
    return parse_manifest(ModelManifest, data, str)


@pytest.fixture
def hooked(tmp_path: Path) -> Callable[..., Preparation]:
    """The preparation of a model with hooks: `hooked(preprocess="lambda context, data: …")`."""

    def make(seed: int = 0, assets: Any = (), changes: Any = (), **lambdas: str) -> Preparation:
        text = "\n".join(f"{name}_ = {source}" for name, source in lambdas.items())
        functions = {name: f"{name}_" for name in lambdas}
        model = manifest(functions, text, tmp_path / "mine.py", **dict(changes))
        assert model.hooks is not None
        loaded = load_hooks(tmp_path / "mine.py", model.hooks)
        return Preparation(model, dict(assets), loaded, seed)

    return make


ITEM = np.float32([1, 2, 3])
Y = {"y": np.float32([0.25, 0.75])}


def test_before_preprocess_changes_what_the_steps_are_given(hooked) -> None:
    item = ITEM.copy()
    preparation = hooked(before_preprocess="lambda context, data: [data[0] * 2]")
    assert preparation.prepare(item)["row"].data.tolist() == [2, 4, 6]


def test_what_a_hook_is_given_is_its_own_to_change(hooked) -> None:
    item, outputs = ITEM.copy(), {"y": Y["y"].copy()}
    preparation = hooked(
        before_preprocess="lambda context, data: [data[0].__imul__(2)]",
        before_postprocess="lambda context, data: (data[0].__imul__(2),)",
    )
    assert preparation.prepare(item)["row"].data.tolist() == [2, 4, 6]
    assert preparation.finish(outputs, {})[0]["top"] == [1, 0]
    assert item.tolist() == [1, 2, 3]
    assert outputs["y"].tolist() == [0.25, 0.75]


def test_preprocess_replaces_the_steps_of_all_inputs(hooked) -> None:
    preparation = hooked(
        preprocess="lambda context, data: "
        "(np.float32([data[0]]), np.ones((2, 1, 3), np.float32), np.float32(data[0]))",
        changes={"inputs": [{**ROW, "preprocess": [{"rescale": {"factor": 0}}]}, STATE, WHOLE]},
    )
    prepared = preparation.prepare([1, 2, 3])
    assert {name: value.data.tolist() for name, value in prepared.items()} == {
        "row": [1, 2, 3],
        "state": [[1, 1, 1]] * 2,
        "whole": [1, 2, 3],
    }
    assert [value.axes for value in prepared.values()] == ["S", "LD", "S"]


def test_after_preprocess_may_end_what_the_steps_have_begun(hooked) -> None:
    preparation = hooked(
        after_preprocess="lambda context, data: (np.flip(data[0][:, :3]).astype(np.float32),)",
        changes={"inputs": [{**ROW, "preprocess": [{"cast": {"to": "float64"}}]}]},
    )
    assert preparation.prepare(np.float32([1, 2, 3, 4]))["row"].data.tolist() == [3, 2, 1]


def test_before_postprocess_changes_what_the_steps_are_given(hooked) -> None:
    preparation = hooked(before_postprocess="lambda context, data: (data[0][:, ::-1],)")
    prediction, attributes = preparation.finish(Y, {})
    assert prediction["classes"] == [[0, None, 0.75], [1, None, 0.25]]
    assert attributes["probabilities"].tolist() == [0.75, 0.25]


def test_postprocess_replaces_the_steps(hooked) -> None:
    preparation = hooked(
        postprocess="lambda context, data: "
        "[{'sums': (data[0].sum(axis=1), np.float32(1)), 'shapes': [each.shape for each in data]}]",
        changes={"outputs": [CLASSES, SPARE]},
    )
    prediction, attributes = preparation.finish({**Y, "z": np.float32([1, 2])}, {})
    assert prediction == {"sums": [[1.0], 1.0], "shapes": [[1, 2], [1, 2]]}
    assert attributes == {}


def test_a_record_that_is_no_mapping_becomes_values(hooked) -> None:
    prediction, _ = hooked(postprocess="lambda context, data: data[0].tolist()").finish(Y, {})
    assert prediction == {"values": [0.25, 0.75]}


def test_after_postprocess_has_the_last_word(hooked) -> None:
    preparation = hooked(after_postprocess="lambda context, data: [{'best': data[0]['top'][0]}]")
    assert preparation.finish(Y, {}) == ({"best": 1}, {})


def test_tells_a_hook_what_it_is_called_for(hooked, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n")
    preparation = hooked(
        seed=5,
        assets={"labels": labels},
        changes={"outputs": [{**CLASSES, "labels": "labels"}], "inputs": [ROW, WHOLE]},
        postprocess="lambda context, data: [dict(context)]",
    )
    assert preparation.finish(Y, {}, item_id="item-7")[0] == {
        "model": "m",
        "version": "1.2.0",
        "inputs": ["row", "whole"],
        "outputs": ["y"],
        "labels": ["cat", "dog"],
        "seed": 5,
        "item": "item-7",
    }


def test_the_context_cannot_be_changed(hooked) -> None:
    preparation = hooked(postprocess="lambda context, data: [context.__setitem__('seed', 1)]")
    with pytest.raises(DataError, match="the hook raised AttributeError: 'mappingproxy' object"):
        preparation.finish(Y, {})


def test_each_hook_runs_inside_what_is_put_around_it(hooked) -> None:
    seen: list[str] = []

    @contextmanager
    def around(name: str) -> Iterator[None]:
        seen.append(name)
        yield

    same = "lambda context, data: data"
    places = ("before_preprocess", "after_preprocess", "before_postprocess", "after_postprocess")
    rescaled = {"inputs": [{**ROW, "preprocess": [{"rescale": {"factor": 2}}]}]}
    preparation = hooked(changes=rescaled, **dict.fromkeys(places, same))
    preparation.finish(Y, preparation.prepare(ITEM, around), around)
    assert seen == [
        "hook before_preprocess",
        "rescale",
        "hook after_preprocess",
        "hook before_postprocess",
        "hook after_postprocess",
    ]


ARRAYS = "give a tuple with one NumPy array for each tensor, in the order of the manifest"
PLAIN = "give mappings with text as keys, lists, text, numbers, booleans, None and arrays"
CORRECT = "correct the file of hooks, and put its new sha256 into the manifest"
RAISED = [
    ("[][1]", "IndexError: list index out of range"),
    ("data[0].no", "AttributeError: 'numpy.ndarray' object has no attribute 'no'"),
    ("__import__('sys').exit(3)", "SystemExit: 3"),
]


@pytest.mark.parametrize(("source", "what"), RAISED)
def test_an_item_fails_when_a_hook_raises(hooked, source: str, what: str) -> None:
    with pytest.raises(DataError) as caught:
        hooked(preprocess=f"lambda context, data: {source}").prepare(ITEM)
    assert str(caught.value) == (
        f"DataError: the hook raised {what}\n"
        "  where  hook preprocess, mine.py, line 2\n"
        "  fix    correct the file of hooks, and put its new sha256 into the manifest"
    )


ARRAYS = "give a tuple with one NumPy array for each tensor, in the order of the manifest"
BATCH = "keep the batch axis that the graph has"
SAMPLE = "give a list with one sample for each that came in"
WRONG_INPUTS = [
    ("preprocess", "data", "gave a list of 1, not a tuple of arrays", ARRAYS),
    ("preprocess", "np.ones((1, 3))", "gave ndarray, not a tuple of arrays", ARRAYS),
    ("preprocess", "None", "gave NoneType, not a tuple of arrays", ARRAYS),
    ("preprocess", "()", "gave 0 arrays, the model declares 1", ARRAYS),
    ("preprocess", "(data[0],)", "gave [3] for row, without a batch of 1 on axis 0", BATCH),
    (
        "after_preprocess",
        "(data[0][0:0],)",
        "gave [0, 3] for row, without a batch of 1 on axis 0",
        BATCH,
    ),
    ("before_preprocess", "data[0]", "gave ndarray, not a list of one sample", SAMPLE),
    ("before_preprocess", "data * 2", "gave 2, not a list of one sample", SAMPLE),
]


@pytest.mark.parametrize(("hook", "source", "what", "fix"), WRONG_INPUTS)
def test_an_item_fails_when_a_hook_gives_what_it_should_not(
    hooked, hook: str, source: str, what: str, fix: str
) -> None:
    with pytest.raises(DataError) as caught:
        hooked(**{hook: f"lambda context, data: {source}"}).prepare(ITEM)
    assert str(caught.value) == (
        f"DataError: the hook {what}\n  where  hook {hook}\n  fix    {fix}"
    )


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("(np.ones((1, 4), np.float32),)", "the item has shape [4], the input takes [3]"),
        ("(np.ones((1, 3)),)", "the item has float64, the input takes float32"),
    ],
)
def test_inputs_must_be_as_declared(hooked, source: str, what: str) -> None:
    with pytest.raises(DataError) as caught:
        hooked(preprocess=f"lambda context, data: {source}").prepare(ITEM)
    assert (caught.value.what, caught.value.where) == (what, "input 'row'")


PLAIN = "give mappings with text as keys, lists, text, numbers, booleans, None and arrays"
WRONG_ANSWERS = [
    (
        "before_postprocess",
        "(data[0][:, :1],)",
        "gave [1] for y, declared is [2]",
        "keep the shapes of the outputs",
    ),
    ("before_postprocess", "data[0]", "gave ndarray, not a tuple of arrays", ARRAYS),
    (
        "postprocess",
        "{}",
        "gave dict, not a list of one record",
        "give a list with one record for each that came in",
    ),
    ("postprocess", "[{'x': {1}}]", "gave a set, which is not plain data", PLAIN),
    ("postprocess", "[{1: 'x'}]", "gave a dict, which is not plain data", PLAIN),
    ("after_postprocess", "[type]", "gave a type, which is not plain data", PLAIN),
]


@pytest.mark.parametrize(("hook", "source", "what", "fix"), WRONG_ANSWERS)
def test_an_answer_fails_with_the_reason(
    hooked, hook: str, source: str, what: str, fix: str
) -> None:
    with pytest.raises(DataError) as caught:
        hooked(**{hook: f"lambda context, data: {source}"}).finish(Y, {})
    assert str(caught.value) == (
        f"DataError: the hook {what}\n  where  hook {hook}\n  fix    {fix}"
    )


def test_an_output_that_is_not_finite_is_refused_before_any_hook(hooked) -> None:
    preparation = hooked(postprocess="lambda context, data: [{}]")
    with pytest.raises(DataError, match="1 of 2 entries are NaN or infinite"):
        preparation.finish({"y": np.float32([np.nan, 1])}, {})


def test_hooks_that_are_not_loaded_are_never_left_out(tmp_path: Path) -> None:
    model = manifest({"preprocess": "f", "postprocess": "g"}, "", tmp_path / "mine.py")
    with pytest.raises(PlanError) as caught:
        Preparation(model, {}, LoadedHooks())
    assert str(caught.value) == (
        "PlanError: the hooks preprocess, postprocess of m are not loaded\n"
        "  where  model m, hooks\n"
        "  fix    give what load_hooks gives for its file"
    )
