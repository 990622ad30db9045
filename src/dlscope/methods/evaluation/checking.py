"""Whether a model manifest, its graph and a data set fit together; asked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.catalog.assets import fetch
from dlscope.core.errors import DlscopeError, ManifestError, PlanError
from dlscope.core.manifest import DatasetManifest, InputSpec, ModelManifest, OutputSpec
from dlscope.graph.signature import Signature, TensorSignature, read_signature
from dlscope.pipelines.chain import check_inputs


def check_model(model: ModelManifest) -> list[DlscopeError]:
    """Everything wrong with the steps of `model`, and between it and its graph.

    The place of each problem is its path in the manifest.
    """
    problems: list[DlscopeError] = []
    try:
        check_inputs(model)
    except DlscopeError as error:
        problems.extend(error.problems)
    if "graph" not in model.assets:
        problems.append(
            ManifestError(
                "there is no graph to run",
                where="assets",
                fix="add assets.graph: {source: …}",
            )
        )
        return problems
    signature = read_signature(fetch(model).paths["graph"])
    problems.extend(_check_tensors("inputs", model.inputs, signature.inputs))
    problems.extend(_check_tensors("outputs", model.outputs, signature.outputs))
    problems.extend(_check_all_inputs_fed(model, signature))
    return problems


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


def _class_count(model: ModelManifest) -> int | None:
    output = model.prediction
    if output.type != "classification" or "K" not in output.layout:
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
    listing = "; ".join(f"{tensor.name} {_described(tensor)}" for tensor in tensors)
    for index, spec in enumerate(declared):
        where = f"{field}[{index}]"
        tensor = known.get(spec.tensor)
        if tensor is None:
            yield ManifestError(
                f"the graph has no tensor {spec.tensor!r} among its {field}",
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


def _check_all_inputs_fed(model: ModelManifest, signature: Signature) -> Iterator[ManifestError]:
    fed = {spec.tensor for spec in model.inputs}
    for tensor in signature.inputs:
        if tensor.name not in fed:
            yield ManifestError(
                f"graph input {tensor.name!r} is fed by no input of the manifest",
                where="inputs",
                fix=f"add an input for {tensor.name} {_described(tensor)}",
            )


def _described(tensor: TensorSignature) -> str:
    return f"{tensor.dtype}{_shape(tensor.shape)}"


def _shape(shape: Sequence[int | str | None] | None) -> str:
    if shape is None:
        return ""
    return f"[{', '.join('?' if size in (None, 0) else str(size) for size in shape)}]"
