"""Steps on detections: from tensors to boxes in pixels of the original picture.

Axes: L boxes, D columns, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from dlscope.core.manifest.base import refuse as refuse_field
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.boxes import (
    Boxes,
    Detections,
    centers,
    corners,
    suppress,
    to_original,
)
from dlscope.pipelines.placement import picture_input
from dlscope.pipelines.requirements import (
    axis_index,
    require_float,
    require_kind,
    sizes_of,
    with_size,
)

Share = Annotated[float, Field(ge=0, le=1)]


@final
class DecodeBoxes(Step):
    """Tensors → prediction `{"boxes": [[label, score, x_min, y_min, x_max, y_max], …]}`.

    xyxy, yxyx, cxcywh   the tensor is L × 4 with the output tensor `scores` beside it, L or
                         L × K; or L × 6 with score and class index in its last two columns
    centers              the tensor is a heat map, H × W or 1 × H × W, with the output tensors
                         `scale` and `offset` beside it, 2 × H × W, vertical first (CenterFace)

    `coordinates: relative` are shares of the network's input. Boxes below `score` are left out;
    the others are mapped to the original picture of `input` (the first picture) and clipped to it.
    """

    step: ClassVar[str] = "decode_boxes"
    format: Literal["xyxy", "yxyx", "cxcywh", "centers"] = "xyxy"
    coordinates: Literal["relative", "pixel"] = "relative"
    score: Share = 0.05
    scores: str | None = None
    scale: str | None = None
    offset: str | None = None
    stride: Annotated[int, Field(gt=0)] = 4
    input: str | None = None

    @model_validator(mode="after")
    def _tensors(self) -> Self:
        has_both = self.scale is not None and self.offset is not None
        if self.format == "centers" and not (has_both and self.scores is None):
            raise refuse_field(
                "format centers reads the tensors scale and offset, and no scores",
                "name both by their tensor in the graph",
            )
        if self.format != "centers" and (self.scale or self.offset):
            raise refuse_field(
                f"format {self.format} reads no tensors scale and offset", "leave them out"
            )
        return self

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        if self.format == "centers":
            if spec.axes.replace("C", "") != "HW" or (
                "C" in spec.axes and spec.shape[spec.axes.index("C")] != 1
            ):
                raise self._refuse(
                    f"centers takes one heat map (HW), got {spec}", "use layout NCHW"
                )
            return Spec("prediction")
        columns = 6 if self.scores is None else 4
        if spec.axes != "LD" or spec.shape[1] != columns:
            raise self._refuse(
                f"{self.format} takes {columns} columns (LD), got {spec}",
                "use layout NLD; name the tensor of the scores if it is another output",
            )
        return Spec("prediction")

    def _apply(self, value: Value, context: StepContext) -> Value:
        picture = picture_input(self, context, self.input)
        found = self._found(as_array(value), context)
        boxes = found.boxes
        if self.coordinates == "relative" and self.format != "centers":
            height, width = sizes_of(picture, "HW")
            boxes = boxes * np.array([width, height, width, height], dtype=np.float64)
        placed = replace(found, boxes=to_original(boxes, picture))
        return value.with_data({"boxes": placed.rows(context.labels)}, axes="")

    def _found(self, array: NDArray[Any], context: StepContext) -> Detections:
        if self.format == "centers":
            return self._of_heat_map(array, context)
        form = self.format
        if self.scores is None:
            columns = array.astype(np.float64)
            classes = columns[:, 5].astype(np.int64)
            found = Detections(corners(columns[:, :4], form), columns[:, 4], classes)
            return found.at(np.flatnonzero(found.scores >= self.score))
        scores_lk = self._beside("scores", context).astype(np.float64)
        scores_lk = scores_lk.reshape(len(array), -1)
        places, classes = np.nonzero(scores_lk >= self.score)
        boxes = corners(array.astype(np.float64), form)[places]
        return Detections(boxes, scores_lk[places, classes], classes)

    def _of_heat_map(self, array: NDArray[Any], context: StepContext) -> Detections:
        heat_hw = array.reshape(array.shape[-2:]).astype(np.float64)
        scale, offset = self._beside("scale", context), self._beside("offset", context)
        boxes: Boxes = centers(heat_hw, scale, offset, self.stride)
        places = np.flatnonzero(heat_hw.ravel() >= self.score)
        classes = np.zeros(len(places), dtype=np.int64)
        return Detections(boxes[places], heat_hw.ravel()[places], classes)

    def _beside(self, name: str, context: StepContext) -> NDArray[Any]:
        tensor = getattr(self, name)
        if tensor not in context.outputs:
            raise self._spoiled(
                f"{name} names the tensor {tensor!r}, which is no output",
                "list it among the outputs of the model",
            )
        return context.outputs[tensor]


@final
class Nms(Step):
    """The detections that stay after greedy non-maximum suppression, best first.

    Of boxes of one class (of any class unless `per_class`) that overlap by more than `iou` only
    the best stays; those below `score` go, and so do all after the first `max`.
    """

    step: ClassVar[str] = "nms"
    iou: Share = 0.5
    score: Share = 0.05
    max: Annotated[int, Field(gt=0)] = 100
    per_class: bool = True

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "prediction")
        return spec

    def _apply(self, value: Value, _context: StepContext) -> Value:
        if "boxes" not in value.data:
            raise self._spoiled("the prediction has no boxes", "put decode_boxes before nms")
        rows = [row for row in value.data["boxes"] if row[1] >= self.score]
        groups: dict[Any, list[list[Any]]] = {}
        for row in rows:
            groups.setdefault(row[0] if self.per_class else None, []).append(row)
        kept = [row for group in groups.values() for row in self._best(group)]
        # Sorting is stable: of equal scores the class that was found first goes first.
        kept.sort(key=lambda row: -row[1])
        return value.with_data({**value.data, "boxes": kept[: self.max]})

    def _best(self, rows: list[list[Any]]) -> list[list[Any]]:
        numbers = np.array([row[1:] for row in rows], dtype=np.float64)
        return [list(rows[i]) for i in suppress(numbers[:, 1:], numbers[:, 0], self.iou)]


@final
class UndoLetterbox(Step):
    """The part of a map over the network's input that lies on the picture, its border cut off.

    The map may be coarser than the input. What is left covers the original picture exactly.
    """

    step: ClassVar[str] = "undo_letterbox"
    input: str | None = None

    def _infer(self, spec: Spec) -> Spec:
        for axis in "HW":
            spec = replace(spec, shape=with_size(spec, axis_index(self, spec, axis), None))
        return spec

    def _apply(self, value: Value, context: StepContext) -> Value:
        picture = picture_input(self, context, self.input)
        if picture.original_size is None:
            raise self._spoiled("the size of the original picture is not known", "use decode")
        part = [slice(None)] * len(value.axes)
        for place, axis in enumerate("WH"):
            cells, pixels = sizes_of(value, axis)[0], sizes_of(picture, axis)[0]
            start = -picture.offset[place] / picture.scale[place] * cells / pixels
            length = picture.original_size[place] / picture.scale[place] * cells / pixels
            first, last = max(0, round(start)), min(cells, round(start + length))
            part[value.axes.index(axis)] = slice(first, max(first + 1, last))
        kept = np.ascontiguousarray(as_array(value)[tuple(part)])
        height, width = sizes_of(value.with_data(kept), "HW")
        wide, tall = picture.original_size
        return replace(
            value,
            data=kept,
            original_size=picture.original_size,
            scale=(wide / width, tall / height),
            offset=(0.0, 0.0),
        )
