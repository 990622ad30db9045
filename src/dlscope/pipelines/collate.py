"""Items to batches and back: feeds for a predictor, and each item's part of its outputs.

Axes: N batch, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.manifest import InputSpec, OutputSpec
from dlscope.pipelines.base import Value, as_array

Arrays = Mapping[str, NDArray[Any]]


def collate(
    inputs: Sequence[InputSpec], items: Sequence[Mapping[str, Value]]
) -> dict[str, NDArray[Any]]:
    """Feeds by tensor name for at least one item, each item given by input name.

    Items are stacked along the N of the layout. Where T differs they are filled with 0 at the end
    up to the longest, or to the declared size. An input without N must be the same for all and is
    passed once. Raises `DataError` when the items of a batch do not fit together, and for several
    items where no input has N.
    """
    feeds = {
        declared.tensor: _feed([as_array(item[declared.name]) for item in items], declared)
        for declared in inputs
    }
    if len(items) > 1 and not any("N" in declared.layout for declared in inputs):
        raise DataError(
            f"no input has a batch axis, so that {len(items)} items are no batch",
            where=", ".join(f"input {declared.name!r}" for declared in inputs),
            fix="use batch size 1, or give the graph a batch axis",
        )
    return feeds


def split(declared: Sequence[OutputSpec], outputs: Arrays, count: int) -> list[dict[str, Any]]:
    """Outputs by tensor name of each of `count` items; an output without N belongs to all.

    Raises `DataError` when a declared output is missing or has another number of items.
    """
    parts = {spec.tensor: _parts(outputs, spec, count) for spec in declared}
    return [{tensor: several[i] for tensor, several in parts.items()} for i in range(count)]


def _feed(arrays: list[NDArray[Any]], declared: InputSpec) -> NDArray[Any]:
    where = f"input {declared.name!r}"
    if "N" not in declared.layout:
        if any(not np.array_equal(arrays[0], array) for array in arrays[1:]):
            raise DataError(
                f"{where} has no batch axis, but the items differ",
                where=where,
                fix="use batch size 1, or give the graph a batch axis",
            )
        return arrays[0]
    layout = declared.layout.replace("N", "")
    if "T" in layout:
        size = declared.shape[declared.layout.index("T")]
        arrays = _filled(arrays, layout.index("T"), size if isinstance(size, int) else 0)
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise DataError(
            f"the items of a batch have {len(shapes)} shapes: {_listing(shapes)}",
            where=where,
            fix="use batch size 1, or steps that give one size",
        )
    return np.stack(arrays, axis=declared.layout.index("N"))


def _filled(arrays: list[NDArray[Any]], axis: int, at_least: int) -> list[NDArray[Any]]:
    longest = max(at_least, *(array.shape[axis] for array in arrays))
    return [
        np.pad(
            array,
            [(0, longest - size if i == axis else 0) for i, size in enumerate(array.shape)],
        )
        for array in arrays
    ]


def _parts(outputs: Arrays, spec: OutputSpec, count: int) -> list[NDArray[Any]]:
    where = f"output {spec.name!r}"
    if spec.tensor not in outputs:
        raise DataError(
            f"the predictor gave no tensor {spec.tensor!r}",
            where=where,
            fix="correct tensor in the manifest",
        )
    array = outputs[spec.tensor]
    if "N" not in spec.layout:
        return [array] * count
    axis = spec.layout.index("N")
    found = array.shape[axis] if axis < array.ndim else 0
    if found != count:
        raise DataError(
            f"the predictor gave {found} results for {count} items",
            where=where,
            fix="correct layout in the manifest, or use batch size 1",
        )
    return [np.take(array, i, axis=axis) for i in range(count)]


def _listing(shapes: set[tuple[int, ...]]) -> str:
    return ", ".join(str(list(shape)) for shape in sorted(shapes))
