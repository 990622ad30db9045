"""From references to closed manifests: found, every default written out, checked completely."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dlscope.catalog.document import locator
from dlscope.catalog.finder import find
from dlscope.core.errors import DlscopeError, PlanError, raise_all
from dlscope.core.manifest import (
    DatasetManifest,
    InputSpec,
    ModelManifest,
    OutputSpec,
    Reference,
)
from dlscope.methods.evaluation.checking import check_model
from dlscope.pipelines.chain import build_chain

_IN_MANIFEST = re.compile(r"(inputs|outputs|assets|hooks)\b")
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def resolve_model(reference: Reference) -> ModelManifest:
    """The model that `reference` means, its steps closed, checked against its graph.

    Raises everything that is wrong with it at once; a file is named with its lines.
    """
    model = find("models", reference)
    assert isinstance(model, ModelManifest)
    try:
        closed = close_model(model)
        raise_all(check_model(closed))
    except DlscopeError as error:
        raise_all(_placed(error.problems, reference.name, model.name))
        raise
    return closed


def resolve_dataset(reference: Reference) -> DatasetManifest:
    """The data set that `reference` means."""
    dataset = find("datasets", reference)
    assert isinstance(dataset, DatasetManifest)
    return dataset


def own_dataset(model: ModelManifest) -> str:
    """The data set that `model` names in `attributes.dataset`."""
    dataset = model.attributes.get("dataset")
    if not isinstance(dataset, str):
        raise PlanError(
            f"{model.name} names no data set to be evaluated on",
            where=f"model {model.name}, attributes",
            fix="give one with --dataset, or add attributes: {dataset: NAME}",
        )
    return dataset


def close_model(model: ModelManifest) -> ModelManifest:
    """`model` with every default of every step written out.

    Raises all problems of its steps at once.
    """
    problems: list[DlscopeError] = []

    def written_out(spec: InputSpec | OutputSpec, field: str, place: str) -> Any:
        try:
            chain = build_chain(getattr(spec, field), f"{place}.{field}")
        except DlscopeError as error:
            problems.extend(error.problems)
            return spec
        return spec.model_copy(update={field: chain.specs})

    inputs = [written_out(s, "preprocess", f"inputs[{i}]") for i, s in enumerate(model.inputs)]
    outputs = [written_out(s, "postprocess", f"outputs[{i}]") for i, s in enumerate(model.outputs)]
    raise_all(problems)
    return model.model_copy(update={"inputs": tuple(inputs), "outputs": tuple(outputs)})


def _placed(problems: Iterable[DlscopeError], reference: str, name: str) -> list[DlscopeError]:
    """`problems`, those whose place is a path in the manifest with the manifest named before it."""
    locate = locator(Path(reference)) if reference.endswith((".yaml", ".yml")) else None
    placed = []
    for problem in problems:
        if not _IN_MANIFEST.match(problem.where):
            placed.append(problem)
            continue
        where = f"{name}, {problem.where}"
        if locate is not None:
            where = locate(_path(problem.where))
        placed.append(type(problem)(problem.what, where=where, fix=problem.fix))
    return placed


def _path(text: str) -> tuple[int | str, ...]:
    """The parts of `inputs[0].preprocess[2].resize`."""
    return tuple(int(index) if index else name for name, index in _PART.findall(text))
