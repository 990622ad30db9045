from __future__ import annotations

from typing import Any

import pytest

from dlscope.catalog.finder import find
from dlscope.catalog.overrides import apply_overrides
from dlscope.core.errors import ManifestError, Problems
from dlscope.core.manifest import ModelManifest, Reference

METHOD = "inputs.image.preprocess.2.resize.method"


def model() -> ModelManifest:
    manifest = find("model", "efficientnet-lite0")
    assert isinstance(manifest, ModelManifest)
    return manifest


@pytest.mark.parametrize(
    "path",
    [
        METHOD,
        "inputs.0.preprocess.2.resize.method",
        "inputs.image.preprocess.resize.method",
        "inputs.0.preprocess.2.parameters.method",
    ],
)
def test_addresses_entries_by_index_and_by_name(path: str) -> None:
    changed = apply_overrides(model(), {path: "nearest"})
    assert changed.inputs[0].preprocess[2].parameters["method"] == "nearest"
    assert changed.digest != model().digest
    assert changed.inputs[0].preprocess[:2] == model().inputs[0].preprocess[:2]


def test_adds_a_parameter_that_was_left_at_its_default() -> None:
    changed = apply_overrides(model(), {"inputs.image.preprocess.resize.antialias": False})
    assert changed.inputs[0].preprocess[2].parameters["antialias"] is False


def test_replaces_a_whole_list_of_steps() -> None:
    changed = apply_overrides(
        model(), {"inputs.image.preprocess": ["decode", {"cast": {"to": "x"}}]}
    )
    assert [step.name for step in changed.inputs[0].preprocess] == ["decode", "cast"]


def test_finds_names_that_hold_dots() -> None:
    centerface = find("model", "centerface")
    data = centerface.to_json()
    data["inputs"][0]["name"] = "input.1"
    renamed = ModelManifest.model_validate(data)
    changed = apply_overrides(renamed, {"inputs.input.1.preprocess.resize.multiple": 64})
    assert changed.inputs[0].preprocess[1].parameters["multiple"] == 64


def test_changes_nothing_without_overrides() -> None:
    assert apply_overrides(model(), {}) == model()


def test_is_applied_by_a_reference() -> None:
    reference = Reference(name="efficientnet-lite0", overrides={METHOD: "bilinear"})
    found = find("model", reference)
    assert isinstance(found, ModelManifest)
    assert found.inputs[0].preprocess[2].parameters["method"] == "bilinear"


WHERE = "overrides of efficientnet-lite0@1.0.0, "
REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "unknown entry": (
        {"inputs.imge.layout": "NHWC"},
        ("'imge' is not part of inputs", WHERE + "inputs.imge.layout", "did you mean image?"),
    ),
    "index out of range": (
        {"inputs.image.preprocess.9.resize": {}},
        (
            "'9' is not part of inputs.image.preprocess",
            WHERE + "inputs.image.preprocess.9.resize",
            "use one of cast, crop, decode, normalize, resize, transpose",
        ),
    ),
    "wrong step": (
        {"inputs.image.preprocess.1.resize.method": "nearest"},
        (
            "'resize' is not part of inputs.image.preprocess.1",
            WHERE + "inputs.image.preprocess.1.resize.method",
            "use one of crop, name, parameters",
        ),
    ),
    "through a value": (
        {"name.first": "x"},
        ("'first' is not part of name", WHERE + "name.first", "there is nothing to choose from"),
    ),
    "unknown field": (
        {"inputs.image.layuot": "NHWC"},
        ("unknown field 'layuot'", WHERE + "inputs.0.layuot", "did you mean layout?"),
    ),
    "value that does not fit": (
        {"inputs.image.layout": "NHCW"},
        (
            "'NHCW' is not a tensor layout",
            WHERE + "inputs.0.layout",
            "use NCHW or NHWC (did you mean NCHW?)",
        ),
    ),
    "labels that are no asset": (
        {"outputs.probabilities.labels": "lables"},
        (
            "'lables' is not an asset of this model",
            WHERE + "outputs.0.labels",
            "did you mean labels?",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_the_exact_words(case: str) -> None:
    overrides, expected = REFUSED[case]
    with pytest.raises(ManifestError) as refusal:
        apply_overrides(model(), overrides)
    error = refusal.value
    assert (error.what, error.where, error.fix) == expected


def test_tells_all_unknown_paths_at_once() -> None:
    with pytest.raises(Problems) as refusal:
        apply_overrides(model(), {"inputs.x.y": 1, "outputs.x.y": 1})
    assert len(refusal.value.problems) == 2
