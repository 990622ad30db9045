"""Steps on masks: what is seen where, in pixels of the original picture.

Axes: H height, W width.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.placement import picture_input
from dlscope.pipelines.requirements import require_float, require_kind, sizes_of
from dlscope.pipelines.resampling import linear, weights


@final
class ResizeMask(Step):
    """A mask over the network's input, H × W, as one over the original picture of `input`.

    Every pixel of the original looks up its centre: the nearest entry, or (float maps only) the
    four around it. Pixels that the network did not see, cut off by a crop, become `outside`.
    """

    step: ClassVar[str] = "resize_mask"
    method: Literal["nearest", "bilinear"] = "nearest"
    input: str | None = None
    outside: int = 0

    def _infer(self, spec: Spec) -> Spec:
        if self.method == "bilinear":
            require_float(self, spec)
        require_kind(self, spec, "tensor")
        if spec.axes != "HW":
            raise self._refuse(
                f"resize_mask takes one mask (HW), got {spec}", "put argmax before it"
            )
        return replace(spec, shape=(None, None))

    def _apply(self, value: Value, context: StepContext) -> Value:
        mask_hw = as_array(value)
        # A value that carries its own placement has been cut already, by undo_letterbox.
        placed = value if value.original_size else picture_input(self, context, self.input)
        if placed.original_size is None:
            raise self._spoiled("the size of the original picture is not known", "use decode")
        columns = self._positions(placed, 0, mask_hw.shape[1])
        rows = self._positions(placed, 1, mask_hw.shape[0])
        resized = self._looked_up(mask_hw, rows, columns)
        unseen_rows = (rows < 0) | (rows >= mask_hw.shape[0])
        unseen_columns = (columns < 0) | (columns >= mask_hw.shape[1])
        resized[unseen_rows[:, np.newaxis] | unseen_columns] = self.outside
        return Value(resized, axes="HW", original_size=placed.original_size)

    def _looked_up(
        self, mask_hw: NDArray[Any], rows: NDArray[np.float64], columns: NDArray[np.float64]
    ) -> NDArray[Any]:
        height, width = mask_hw.shape
        if self.method == "bilinear":
            by_row, by_column = weights(rows, height, linear, 1), weights(columns, width, linear, 1)
            mixed: NDArray[Any] = (by_row @ mask_hw @ by_column.T).astype(mask_hw.dtype)
            return mixed
        nearest_rows = np.clip(np.floor(rows), 0, height - 1).astype(np.int64)
        nearest_columns = np.clip(np.floor(columns), 0, width - 1).astype(np.int64)
        return mask_hw[nearest_rows[:, np.newaxis], nearest_columns]

    @staticmethod
    def _positions(placed: Value, place: int, cells: int) -> NDArray[np.float64]:
        """Where the centres of the original's pixels lie on a map of `cells` cells."""
        size = (placed.original_size or (0, 0))[place]
        pixels = sizes_of(placed, "WH"[place])[0]
        centres: NDArray[np.float64] = (
            np.arange(size, dtype=np.float64) + 0.5 - placed.offset[place]
        ) / placed.scale[place]
        positions: NDArray[np.float64] = centres * (cells / pixels)
        return positions
