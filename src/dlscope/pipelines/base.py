"""`Step`: one pure operation on one value, with a static check of what goes in and comes out.

Axes: H height, W width, C channels, K classes, T tokens, D features, S samples of sound.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, PlanError
from dlscope.core.manifest import Document

Kind = Literal["encoded", "image", "text", "audio", "tensor", "prediction"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Spec:
    """What is known of a value before there is one.

    `axes` has one letter for each size in `shape` (None is a size that depends on the item);
    `color` is RGB, BGR, GRAY or YCBCR for images; `region` says that a crop with fractional ends
    is still to be carried out by the next resize; `lo` and `hi` bound the values where known.
    """

    kind: Kind
    dtype: str = ""
    axes: str = ""
    shape: tuple[int | None, ...] = ()
    color: str | None = None
    region: bool = False
    lo: float | None = None
    hi: float | None = None

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.kind} {self.dtype}[{sizes}] {self.axes}".strip()


@dataclass(frozen=True)
class Value:
    """A value between two steps: encoded bytes, text, or an array with named axes.

    `original_size` is (width, height) of the decoded picture; `region` a box in pixels that a
    crop has chosen but not cut out; `placement` maps coordinates of the current picture to those
    of the original: x_original = x · scale_x + offset_x.
    """

    data: Any
    axes: str = ""
    color: str | None = None
    original_size: tuple[int, int] | None = None
    region: Box | None = None
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def with_data(self, data: Any, **changes: Any) -> Value:
        """This value with other data, and other fields where given."""
        return replace(self, data=data, **changes)


@dataclass(frozen=True)
class StepContext:
    """What a step may look at beside its value.

    `assets` are the model's files by role; `outputs` the item's output tensors, without the batch
    axis, by tensor name; `labels` the class names; `inputs` the item's pre-processed inputs.
    """

    assets: Mapping[str, Path] = field(default_factory=dict)
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


class Step(Document, ABC):
    """One operation; its fields are its parameters and part of the Plan.

    A step writes `_infer` (from what is known of the input to what is known of the output) and
    `_apply`. Both public methods are pure.
    """

    step: ClassVar[str]

    @final
    def infer(self, spec: Spec) -> Spec:
        """What comes out when `spec` goes in. Raises `PlanError` when it cannot go in."""
        return self._infer(spec)

    @final
    def apply(self, value: Value, context: StepContext) -> Value:
        """The result for one item; `value` is left untouched.

        Raises `DataError` for an item that cannot be processed.
        """
        return self._apply(value, context)

    @abstractmethod
    def _infer(self, spec: Spec) -> Spec: ...

    @abstractmethod
    def _apply(self, value: Value, context: StepContext) -> Value: ...

    def _refuse(self, what: str, fix: str) -> PlanError:
        """The refusal of a value that this step cannot take."""
        return PlanError(what, where=f"step {self.step}", fix=fix)

    def _spoiled(self, what: str, fix: str) -> DataError:
        """The refusal of one item."""
        return DataError(what, where=f"step {self.step}", fix=fix)


def as_array(value: Value) -> NDArray[Any]:
    """The array of a value that has one."""
    return np.asarray(value.data)
