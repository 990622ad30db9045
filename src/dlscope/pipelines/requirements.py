"""What a step asks of the value that comes in, and how it refuses another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlscope.core.manifest.base import refuse
from dlscope.pipelines.base import Kind, Spec, Step, Value

ARRAYS: tuple[Kind, ...] = ("image", "audio", "tensor")
FLOATS = ("float16", "float32", "float64")


def describe(spec: Spec) -> str:
    """`spec` in words: `image uint8[?, ?, 3] HWC`, or `encoded bytes`."""
    plain = {"encoded": "encoded bytes", "text": "text", "prediction": "a prediction"}
    return plain.get(spec.kind) or str(spec)


def require_kind(step: Step, spec: Spec, *kinds: Kind) -> None:
    """Refuse a value of a kind that is none of `kinds`."""
    if spec.kind not in kinds:
        names = {kind: describe(Spec(kind)) for kind in ("encoded", "text", "prediction")}
        wanted = " or ".join(names.get(kind, kind) for kind in kinds)
        raise step._refuse(
            f"{step.step} takes {wanted}, got {describe(spec)}", _kind_remedy(spec, kinds)
        )


def require_float(step: Step, spec: Spec) -> None:
    """Refuse an array that is known not to hold floats."""
    require_kind(step, spec, *ARRAYS)
    if spec.dtype and spec.dtype not in FLOATS:
        raise step._refuse(
            f"{step.step} takes float values, got {describe(spec)}",
            "put cast: {to: float32} before it",
        )


def require_pixels(step: Step, spec: Spec) -> None:
    """Refuse anything but a picture of 8 bits with channels last."""
    require_kind(step, spec, "image")
    if spec.dtype != "uint8" or spec.axes != "HWC":
        raise step._refuse(
            f"{step.step} takes pixels (uint8, HWC), got {describe(spec)}",
            "put it before cast, normalize and transpose",
        )


def require_axes_named(axes: str, shape: Sequence[int]) -> None:
    """Refuse, as a field of a step, axes that do not name each size of `shape`."""
    if len(axes) != len(shape):
        raise refuse(
            f"axes {axes!r} do not name the {len(shape)} sizes of shape",
            "give one letter for each size",
        )


def axis_index(step: Step, spec: Spec, axis: str) -> int:
    """The place of `axis` among the axes of `spec`. Refuses when it is not there."""
    require_kind(step, spec, *ARRAYS)
    if len(axis) != 1 or axis not in spec.axes:
        raise step._refuse(
            f"{step.step} works along axis {axis}, got {describe(spec)}",
            f"use one of the axes {', '.join(spec.axes) or '(none)'}",
        )
    return spec.axes.index(axis)


def with_size(spec: Spec, index: int, size: int | None) -> tuple[int | None, ...]:
    """The shape of `spec` with another size at `index`."""
    return (*spec.shape[:index], size, *spec.shape[index + 1 :])


def without_axis(axes: str, index: int) -> str:
    """`axes` less the one at `index`."""
    return axes[:index] + axes[index + 1 :]


def sizes_of(value: Value, axes: Sequence[str]) -> tuple[int, ...]:
    """Sizes of the array of `value` along the named `axes`."""
    shape = np.shape(value.data)
    return tuple(shape[value.axes.index(axis)] for axis in axes)


def encoded_bytes(step: Step, data: Any) -> bytes:
    """`data` if it is bytes; refuses the item otherwise."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise step._spoiled(
            f"{step.step} takes encoded bytes, the item is {type(data).__name__}",
            "give the content of the file, or leave the step out",
        )
    return bytes(data)


def _kind_remedy(spec: Spec, kinds: Sequence[Kind]) -> str:
    if spec.kind == "encoded" and "image" in kinds:
        return "put decode before it"
    if spec.kind == "encoded" and "audio" in kinds:
        return "put decode_audio before it"
    if spec.kind == "text":
        return "put tokenize before it"
    return "move the step, or leave it out"
