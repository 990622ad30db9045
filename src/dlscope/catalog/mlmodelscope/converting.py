"""`convert_model`: a whole manifest of MLModelScope, and what could not be carried over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlscope.catalog.document import check_model, read_text
from dlscope.catalog.mlmodelscope.answers import outputs_of, task_of
from dlscope.catalog.mlmodelscope.images import ImageInput
from dlscope.catalog.mlmodelscope.naming import (
    Note,
    asset_of,
    backend_of,
    graph_role,
    name_of,
    secure,
    version_of,
)
from dlscope.catalog.mlmodelscope.original import OriginalManifest, OriginalTensor
from dlscope.catalog.yaml_tree import YamlTree
from dlscope.core.manifest import ModelManifest, parse_manifest

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
_TOPS = {"top1": "top_1", "top5": "top_5"}
_IMAGENET = "imagenet2012_val"


@dataclass(frozen=True)
class Converted:
    """A manifest of dlscope, and a sentence for everything that a person should look at."""

    model: ModelManifest
    notes: tuple[str, ...]


def convert_model(path: Path) -> Converted:
    """The manifest of MLModelScope in the YAML file at `path`.

    Raises `ManifestError`, or `Problems` with one for everything that is wrong with it.
    """
    tree = YamlTree(read_text(path), str(path))
    return converted(parse_manifest(OriginalManifest, tree.data, tree.locate))


def converted(original: OriginalManifest) -> Converted:
    """`original` as a manifest of dlscope. Raises `ManifestError`s for what no manifest can say."""
    notes: list[str] = []
    data = _document(original, notes.append)
    name = str(data["name"])
    model = parse_manifest(ModelManifest, data, lambda place: f"{name}, {_dotted(place)}")
    problems = check_model(model, lambda place: _dotted(place))
    notes.extend(f"{problem.where}: {problem.what}; {problem.fix}" for problem in problems)
    return Converted(model, tuple(dict.fromkeys(notes)))


def _document(original: OriginalManifest, note: Note) -> dict[str, Any]:
    answers = original.answers
    outputs = [
        spec
        for index, tensor in enumerate(answers)
        for spec in outputs_of(tensor, f"outputs[{index}]", note)
    ]
    assets = dict(_assets(original, note))
    if "labels" in assets:
        outputs[0]["labels"] = "labels"
    return {
        "schema_version": 1,
        "name": name_of(original.name, note),
        "version": version_of(original.version),
        "task": task_of(answers[0]),
        "description": " ".join(original.description.split()),
        "license": original.license,
        "references": original.references,
        "authors": [str(author)] if (author := original.attributes.get("manifest_author")) else [],
        "framework": {
            "name": backend_of(original.framework.name, note),
            "version": original.framework.version,
        },
        "assets": assets,
        "inputs": [
            _input(tensor, f"inputs[{index}]", note) for index, tensor in enumerate(original.inputs)
        ],
        "outputs": outputs,
        "reference": _claims(original),
        "attributes": dict(_attributes(original, note)),
        "visibility": "hidden" if original.hidden else "listed",
        **_code(original, note),
    }


def _assets(original: OriginalManifest, note: Note) -> Iterator[tuple[str, dict[str, Any]]]:
    files = original.model
    if files.graph_path:
        asset = asset_of(files, files.graph_path, files.graph_checksum, note)
        yield graph_role(files.graph_path), asset
    if files.weights_path:
        yield "weights", asset_of(files, files.weights_path, files.weights_checksum, note)
    for tensor in original.answers:
        url, md5 = (tensor.parameters.get(name) for name in ("features_url", "features_checksum"))
        if url:
            labels = {"source": secure(str(url), note)}
            yield "labels", labels | ({"md5": str(md5).lower()} if md5 else {})


def _input(tensor: OriginalTensor, where: str, note: Note) -> dict[str, Any]:
    name = "image" if tensor.type == "image" else f"input_{where[7:-1]}"
    if tensor.type == "image":
        return ImageInput(name, tensor.parameters, where, note).spec()
    given = dict(tensor.parameters)
    layer = given.pop("input_layer", given.pop("layer_name", name))
    kind = str(given.pop("element_type", "float32"))
    note(f"{where}: its shape is not recorded; correct tensor, layout and shape")
    for left in sorted(given):
        note(f"{where}: parameter {left} has no place: {given[left]}")
    return {
        "name": name,
        "tensor": str(layer),
        "type": "tensor",
        "element_type": kind,
        "layout": "ND",
        "shape": ["N", None],
    }


def _claims(original: OriginalManifest) -> dict[str, Any]:
    """Published accuracies, in percent there and shares here; only ImageNet's name their data."""
    named = {str(name).lower(): value for name, value in original.attributes.items()}
    found = {ours: named.get(theirs) for theirs, ours in _TOPS.items()}
    claims = {
        name: round(float(value) / 100, 6)
        for name, value in found.items()
        if isinstance(value, int | float)
    }
    trained_on = str(named.get("training_dataset", "")).lower()
    if not claims or "imagenet" not in trained_on:
        return {}
    return {"accuracy": {"dataset": _IMAGENET, **claims}}


def _attributes(original: OriginalManifest, note: Note) -> Iterator[tuple[str, Any]]:
    for name, value in original.attributes.items():
        if value is None:
            note(f"attributes: {name} has no value and is left out")
        else:
            yield name, value if isinstance(value, str | int | float | bool) else str(value)
    if original.container:
        note("container: images are kept as attributes; dlscope provides software by itself")
    for architecture, images in original.container.items():
        if _is_swapped(images):
            note(f"container: the images of {architecture} for cpu and gpu look swapped")
        for device, image in images.items():
            kept = _ARCHITECTURES.get(architecture, architecture)
            yield f"container.{kept}.{device}", image
    for index, tensor in enumerate((*original.inputs, *original.answers)):
        if tensor.description and not tensor.description.startswith("the "):
            place = "input" if index < len(original.inputs) else "output"
            yield f"{place}_{index}_description", tensor.description


def _is_swapped(images: Mapping[str, str]) -> bool:
    return images.get("cpu", "").endswith("gpu") and images.get("gpu", "").endswith("cpu")


def _code(original: OriginalManifest, note: Note) -> dict[str, Any]:
    for name in original.code:
        note(f"{name}: code inside a manifest is not run; put it in a file and name it in hooks")
    return {}


def _dotted(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")
