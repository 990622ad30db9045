"""Outputs of MLModelScope by their type, as outputs of dlscope with the steps they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dlscope.catalog.mlmodelscope.naming import Note
from dlscope.catalog.mlmodelscope.original import OriginalTensor

TASKS: Mapping[str, str] = {
    "classification": "image_classification",
    "feature": "image_classification",
    "boundingbox": "object_detection",
    "semanticsegment": "semantic_segmentation",
    "instancesegment": "object_detection",
    "image": "image_enhancement",
}
"""The task by the type of the output; another type is raw."""

Given = dict[str, Any]
Specs = list[dict[str, Any]]

_FEATURES = ("features_url", "features_checksum")
_INDEXES = ("xmin_index", "ymin_index", "xmax_index", "ymax_index")


def outputs_of(tensor: OriginalTensor, where: str, note: Note) -> Specs:
    """The outputs for one of the original, the one that answers first."""
    given = {name: value for name, value in tensor.parameters.items() if name not in _FEATURES}
    make = _KINDS.get(_kind(tensor), _raw)
    specs = make(given, where, note)
    for name in sorted(given):
        note(f"{where}: parameter {name} has no place: {given[name]}")
    return specs


def task_of(tensor: OriginalTensor) -> str:
    """The task that an output of this type belongs to."""
    return TASKS.get(_kind(tensor), "raw")


def _kind(tensor: OriginalTensor) -> str:
    return tensor.type.lower().replace("_", "").replace(" ", "")


def _classification(given: Given, where: str, note: Note) -> Specs:
    tensor = _layer(given, ("probabilities_layer", "layer_name"), where, note)
    steps: list[Any] = []
    if given.pop("probabilities_transform", None) == "softmax":
        steps.append("softmax")
    spec = _spec("probabilities", tensor, "classification", _element_type(given), "NK", ["N", None])
    return [{**spec, "postprocess": [*steps, {"top_k": {"k": 5}}]}]


def _boxes(given: Given, where: str, note: Note) -> Specs:
    kind = _element_type(given)
    boxes = _layer(given, ("boxes_layer",), where, note)
    scores = _layer(given, ("probabilities_layer",), where, note)
    classes = _layer(given, ("classes_layer",), where, note)
    order = [given.pop(name, None) for name in _INDEXES]
    is_xyxy = order == [0, 1, 2, 3]
    note(f"{where}: boxes are read as {'x before y' if is_xyxy else 'y before x'}; check decoding")
    decode = {"format": "xyxy" if is_xyxy else "yxyx", "scores": scores}
    spec = _spec("boxes", boxes, "bounding_box", kind, "NSD", ["N", None, 4])
    return [
        {**spec, "postprocess": [{"decode_boxes": decode}]},
        _spec("scores", scores, "raw", kind, "NS", ["N", None]),
        _spec("classes", classes, "raw", kind, "NS", ["N", None]),
    ]


def _instances(given: Given, where: str, note: Note) -> Specs:
    masks = _layer(given, ("masks_layer",), where, note)
    note(f"{where}: masks of single objects are given out as they are")
    mask = _spec("masks", masks, "raw", "float32", "NSHW", ["N", None, None, None])
    return [*_boxes(given, where, note), mask]


def _segments(given: Given, where: str, note: Note) -> Specs:
    kind = _element_type(given)
    tensor = _layer(given, ("masks_layer",), where, note)
    spec = _spec("mask", tensor, "semantic_segment", kind, "NHW", ["N", None, None])
    return [{**spec, "postprocess": ["resize_mask"]}]


def _image(given: Given, where: str, note: Note) -> Specs:
    kind = _element_type(given)
    tensor = _layer(given, ("image_layer", "masks_layer", "layer_name"), where, note)
    return [_spec("image", tensor, "image", kind, "NHWC", ["N", None, None, 3])]


def _raw(given: Given, where: str, note: Note) -> Specs:
    kind = _element_type(given)
    names = ("output_layer", "layer_name", "probabilities_layer")
    tensor = _layer(given, names, where, note)
    note(f"{where}: its shape is not recorded; correct layout and shape")
    return [_spec("values", tensor, "raw", kind, "NK", ["N", None])]


_KINDS: Mapping[str, Callable[[Given, str, Note], Specs]] = {
    "classification": _classification,
    "feature": _classification,
    "boundingbox": _boxes,
    "instancesegment": _instances,
    "semanticsegment": _segments,
    "image": _image,
}


def _layer(given: Given, names: tuple[str, ...], where: str, note: Note) -> str:
    found = [given.pop(name, None) for name in names]
    if "probabilities_layer" in names:
        # Spelt so in one of the published manifests.
        found.append(given.pop("probailities_layer", None))
    layer = next((each for each in found if each is not None), None)
    if layer is None:
        note(f"{where}: {names[0]} is not given; correct tensor")
        return names[0]
    if isinstance(layer, int):
        note(f"{where}: {names[0]} {layer} is a position; correct tensor")
    return str(layer)


def _element_type(given: Given) -> str:
    return str(given.pop("element_type", "float32")).rstrip("s")


def _spec(
    name: str, tensor: str, kind: str, element_type: str, layout: str, shape: list[Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "tensor": tensor,
        "type": kind,
        "element_type": element_type,
        "layout": layout,
        "shape": shape,
    }
