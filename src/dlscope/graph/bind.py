"""`bind`: sizes for the free axes of a network's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.errors import GraphError, ShapeError, did_you_mean
from dlscope.graph.signature import TensorSignature

Shapes = dict[str, tuple[int, ...]]


def bind(
    inputs: Sequence[TensorSignature],
    bindings: Mapping[str, int],
    default_dim: int | None,
    where: str,
) -> tuple[Shapes, dict[str, int]]:
    """The shapes of `inputs` by name, and the size of every free axis, chosen or by default.

    An axis without a name is called by its place, `x[0]`. Raises `GraphError` naming every free
    axis that has no size when there is no `default_dim`, for a size that is not a positive
    number and for a name that no axis has; `ShapeError` for an input whose rank is not known.
    """
    shapes = {each.name: _named_axes(each, where) for each in inputs}
    free = list(dict.fromkeys(_free_axes(shapes)))
    _require_known(bindings, free, where)
    unbound = [name for name in free if name not in bindings]
    if unbound and default_dim is None:
        raise _unbound(unbound, where)
    sizes = {name: bindings.get(name, default_dim) for name in free}
    chosen = {name: _positive(name, size, where) for name, size in sizes.items()}
    bound = {
        name: tuple(chosen[axis] if isinstance(axis, str) else axis for axis in axes)
        for name, axes in shapes.items()
    }
    return bound, chosen


def _named_axes(value: TensorSignature, where: str) -> tuple[int | str, ...]:
    if value.shape is None:
        raise ShapeError(
            f"the rank of input {value.name!r} is not known",
            where=where,
            fix="export the model again with the axes of its inputs",
        )
    axes = enumerate(value.shape)
    return tuple(f"{value.name}[{place}]" if axis is None else axis for place, axis in axes)


def _free_axes(shapes: Mapping[str, tuple[int | str, ...]]) -> Iterator[str]:
    for axes in shapes.values():
        yield from (axis for axis in axes if isinstance(axis, str))


def _require_known(bindings: Mapping[str, int], free: Sequence[str], where: str) -> None:
    for name in bindings:
        if name not in free:
            raise GraphError(
                f"the model has no free axis {name!r}",
                where=where,
                fix=did_you_mean(name, free) if free else "leave it out: every size is fixed",
            )


def _unbound(names: Sequence[str], where: str) -> GraphError:
    listed = ", ".join(map(repr, names))
    return GraphError(
        f"the model leaves the size of {len(names)} axes open: {listed}"
        if len(names) > 1
        else f"the model leaves the size of one axis open: {listed}",
        where=where,
        fix=f"bind each, such as {names[0]}=1, or give one size for all that are not bound",
    )


def _positive(name: str, size: int | None, where: str) -> int:
    if size is None or size < 1:
        raise GraphError(
            f"{size} is not a size for the axis {name!r}",
            where=where,
            fix="use a whole number from 1 on",
        )
    return size
