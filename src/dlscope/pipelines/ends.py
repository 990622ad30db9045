"""What a chain starts from and must end in, as a model declares its tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dlscope.core.errors import PlanError
from dlscope.core.manifest import InputSpec, OutputSpec
from dlscope.pipelines.base import Kind, Spec

# Steps that begin with the bytes of a file, for inputs that may as well begin with an array.
_OF_BYTES = ("byte_ends", "decode_audio")
# What the last step may give, by the declared type of the input.
_ENDS: dict[str, tuple[Kind, ...]] = {
    "image": ("image",),
    "audio": ("audio", "tensor"),
    "text": ("tensor",),
    "tensor": ("tensor",),
    "raw": ("tensor",),
}


@dataclass(frozen=True)
class Disagreement:
    """A declared field that what was made contradicts."""

    field: str
    made: str
    declared: str


def input_start(declared: InputSpec, where: str) -> Spec:
    """What is known of the item's data before the first step.

    Pictures arrive encoded, text as text, anything else as bytes if a step that reads bytes
    (`decode_audio`, `byte_ends`) comes first. Else it is an array in the declared layout without
    the batch axis, of any element type.
    """
    axes, shape = item_axes(declared, where)
    if declared.type == "image":
        return Spec("encoded")
    if declared.type == "text":
        return Spec("text")
    if declared.preprocess and declared.preprocess[0].name in _OF_BYTES:
        return Spec("encoded")
    return Spec("audio" if declared.type == "audio" else "tensor", "", axes, shape)


def output_start(declared: OutputSpec, where: str) -> Spec:
    """What is known of one item's part of an output before the first step."""
    axes, shape = item_axes(declared, where)
    return Spec("tensor", declared.element_type, axes, shape)


def item_axes(declared: InputSpec | OutputSpec, where: str) -> tuple[str, tuple[int | None, ...]]:
    """Axes and sizes of one item: those declared, without the batch.

    Raises `PlanError` when layout and shape do not name the same axes.
    """
    layout, shape = declared.layout, declared.shape
    if len(layout) != len(shape):
        raise PlanError(
            f"layout {layout!r} has {len(layout)} axes, shape has {len(shape)}",
            where=f"{where}.layout",
            fix="give one letter for each size",
        )
    for axis, size in zip(layout, shape, strict=True):
        if size == "N" and axis != "N":
            raise PlanError(
                f"shape has the batch N where layout {layout!r} has {axis}",
                where=f"{where}.shape",
                fix="put N at the same place in both",
            )
    pairs = [(axis, size) for axis, size in zip(layout, shape, strict=True) if axis != "N"]
    sizes = tuple(size for _, size in pairs if not isinstance(size, str))
    return "".join(axis for axis, _ in pairs), sizes


def disagreements(declared: InputSpec, spec: Spec, where: str) -> Iterator[Disagreement]:
    """Every field of `declared` that `spec`, the end of its steps, contradicts."""
    axes, shape = item_axes(declared, where)
    if spec.kind not in _ENDS[declared.type]:
        wanted = " or ".join(_ENDS[declared.type])
        yield Disagreement("type", f"{spec.kind}, not {wanted}", declared.type)
        return
    if spec.dtype not in ("", declared.element_type):
        yield Disagreement("element_type", spec.dtype, declared.element_type)
    if spec.axes != axes:
        yield Disagreement("layout", spec.axes or "no axes", declared.layout)
    elif not _fits(spec.shape, shape):
        yield Disagreement("shape", _sizes(spec.shape), _sizes(declared.shape))
    if declared.type == "image" and spec.color != declared.color_mode:
        yield Disagreement("color_mode", str(spec.color), str(declared.color_mode))


def _fits(made: tuple[int | None, ...], declared: tuple[int | None, ...]) -> bool:
    return len(made) == len(declared) and all(
        wanted is None or size == wanted for size, wanted in zip(made, declared, strict=True)
    )


def _sizes(shape: tuple[int | str | None, ...]) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"
