"""Whether a model manifest, its graph and a data set fit together; asked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlscope.catalog.assets import fetch, fetch_source
from dlscope.core.errors import DataError, DlscopeError, ManifestError, PlanError
from dlscope.core.manifest import DatasetManifest, InputSpec, ModelManifest, OutputSpec
from dlscope.data.base import Dataset
from dlscope.graph.signature import TensorSignature, read_signature
from dlscope.graph.tflite_signature import read_tflite_signature
from dlscope.pipelines.chain import check_inputs


def check_model(model: ModelManifest) -> list[DlscopeError]:
    """Everything wrong with the steps and hooks of `model`, and between it and its graph.

    The place of each problem is its path in the manifest. No hook is executed.
    """
    problems: list[DlscopeError] = []
    for check in (check_inputs, _check_hooks):
        try:
            check(model)
        except DlscopeError as error:
            problems.extend(error.problems)
    roles = [role for role in model.assets if role == "graph" or role.startswith("graph_")]
    if not roles:
        problems.append(
            ManifestError(
                "there is no graph to run",
                where="assets",
                fix="add assets.graph: {source: …}",
            )
        )
    readable = {kind: role for kind in _READERS if (role := model.graph_role({kind})) is not None}
    paths = fetch(model).paths if readable else {}
    for place, (kind, role) in enumerate(readable.items()):
        # Those of the first graph are told by their path alone.
        prefix = f"{role}: " if place else ""
        problems.extend(_check_graph(model, role, _READERS[kind](paths[role]), prefix))
    return problems


def _check_hooks(model: ModelManifest) -> None:
    """Refuse hooks whose file is not there, or not as declared."""
    if model.hooks is not None:
        fetch_source(model.hooks.module, model.hooks.sha256, None, "hooks.module")


@dataclass(frozen=True)
class _Outside:
    """The inputs and outputs of a graph file, in whatever format it is."""

    inputs: tuple[TensorSignature, ...]
    outputs: tuple[TensorSignature, ...]


def _onnx(path: Path) -> _Outside:
    signature = read_signature(path)
    return _Outside(signature.inputs, signature.outputs)


def _tflite(path: Path) -> _Outside:
    signature = read_tflite_signature(path)
    return _Outside(signature.inputs, signature.outputs)


_READERS: dict[str, Callable[[Path], _Outside]] = {"onnx": _onnx, "tflite": _tflite}
"""How the outside of a graph is read, by format; those of other formats are not checked."""


def _check_graph(
    model: ModelManifest, role: str, graph: _Outside, prefix: str
) -> Iterator[ManifestError]:
    names = {old: new for new, old in model.assets[role].tensors.items()}
    yield from _check_names(role, names, graph)
    inputs, outputs = _renamed(graph.inputs, names), _renamed(graph.outputs, names)
    yield from _check_tensors(f"{prefix}inputs", model.inputs, inputs)
    yield from _check_tensors(f"{prefix}outputs", model.outputs, outputs)
    yield from _check_all_inputs_fed(model, inputs, f"{prefix}inputs")


def _check_names(role: str, names: Mapping[str, str], graph: _Outside) -> Iterator[ManifestError]:
    known = [tensor.name for tensor in (*graph.inputs, *graph.outputs)]
    for old, new in names.items():
        if old not in known:
            yield ManifestError(
                f"the graph has no tensor {old!r}",
                where=f"assets.{role}.tensors.{new}",
                fix=f"the graph has: {', '.join(known)}",
            )


def _renamed(tensors: Sequence[TensorSignature], names: Mapping[str, str]) -> list[TensorSignature]:
    return [replace(tensor, name=names.get(tensor.name, tensor.name)) for tensor in tensors]


def check_dataset(model: ModelManifest, dataset: DatasetManifest) -> list[DlscopeError]:
    """Everything that keeps `model` from being evaluated on `dataset`."""
    if dataset.task != model.task:
        return [
            PlanError(
                f"{dataset.name} is for {dataset.task}, {model.name} does {model.task}",
                where=f"model {model.name}, data set {dataset.name}",
                fix=f"choose a data set for {model.task} (see `dlscope datasets`)",
            )
        ]
    classes = _class_count(model)
    if classes is not None and dataset.classes is not None and classes != dataset.classes:
        return [
            PlanError(
                f"{model.name} answers {classes} classes, {dataset.name} has {dataset.classes}",
                where=f"model {model.name}, outputs",
                fix="add a drop_class step for a background class, or choose another data set",
            )
        ]
    return []


def check_labels(manifest: DatasetManifest, dataset: Dataset) -> list[DlscopeError]:
    """What is wrong with the classes that `dataset`, opened, tells without reading its items."""
    labels, classes = dataset.labels(), manifest.classes
    if classes is None:
        return []
    wrong = [index for index, label in enumerate(labels) if not 0 <= label < classes]
    if not wrong:
        return []
    first, others = wrong[0], len(wrong) - 1
    more = f" (and {others} more {'label' if others == 1 else 'labels'})" if others else ""
    fix = f"correct the label: it is a number from 0 to {classes - 1}"
    if min(labels) >= 0:
        fix += f"; or write classes: {max(labels) + 1} in the manifest"
    return [
        DataError(
            f"the label {labels[first]} is none of the {classes} classes{more}",
            where=f"{manifest.identity}, {dataset.place(first)}",
            fix=fix,
        )
    ]


def _class_count(model: ModelManifest) -> int | None:
    output = model.prediction
    if output.type != "classification" or "K" not in output.layout:
        return None
    if model.has_hook("postprocess", "after_postprocess"):
        return None
    size = output.shape[output.layout.index("K")]
    dropped = sum(step.name == "drop_class" for step in output.postprocess)
    return size - dropped if isinstance(size, int) else None


def _check_tensors(
    field: str,
    declared: Sequence[InputSpec | OutputSpec],
    tensors: Sequence[TensorSignature],
) -> Iterator[ManifestError]:
    known = {tensor.name: tensor for tensor in tensors}
    said = field.rpartition(" ")[2]
    listing = "; ".join(f"{tensor.name} {_described(tensor)}" for tensor in tensors)
    for index, spec in enumerate(declared):
        where = f"{field}[{index}]"
        tensor = known.get(spec.tensor)
        if tensor is None:
            yield ManifestError(
                f"the graph has no tensor {spec.tensor!r} among its {said}",
                where=f"{where}.tensor",
                fix=f"the graph has: {listing}",
            )
            continue
        if tensor.dtype != spec.element_type:
            yield ManifestError(
                f"{spec.tensor!r} is {tensor.dtype} in the graph, not {spec.element_type}",
                where=f"{where}.element_type",
                fix=f"the graph has: {listing}",
            )
        if not _shapes_agree(spec.shape, tensor.shape):
            yield ManifestError(
                f"{spec.tensor!r} is {_described(tensor)} in the graph, not {_shape(spec.shape)}",
                where=f"{where}.shape",
                fix=f"the graph has: {listing}",
            )
        if spec.layout and len(spec.layout) != len(spec.shape):
            yield ManifestError(
                f"layout {spec.layout} names {len(spec.layout)} axes, the shape has "
                f"{len(spec.shape)}",
                where=f"{where}.layout",
                fix="give one letter for each size",
            )


def _shapes_agree(
    declared: Sequence[int | str | None], actual: Sequence[int | str | None] | None
) -> bool:
    """Whether fixed sizes are equal; a file that does not tell the rank contradicts nothing."""
    return actual is None or (
        len(declared) == len(actual)
        and all(
            not isinstance(wanted, int) or not isinstance(size, int) or size in (0, wanted)
            for wanted, size in zip(declared, actual, strict=True)
        )
    )


def _check_all_inputs_fed(
    model: ModelManifest, tensors: Sequence[TensorSignature], where: str
) -> Iterator[ManifestError]:
    fed = {spec.tensor for spec in model.inputs}
    for tensor in tensors:
        if tensor.name not in fed:
            yield ManifestError(
                f"graph input {tensor.name!r} is fed by no input of the manifest",
                where=where,
                fix=f"add an input for {tensor.name} {_described(tensor)}",
            )


def _described(tensor: TensorSignature) -> str:
    return f"{tensor.dtype}{_shape(tensor.shape)}"


def _shape(shape: Sequence[int | str | None] | None) -> str:
    if shape is None:
        return ""
    return f"[{', '.join('?' if size in (None, 0) else str(size) for size in shape)}]"
