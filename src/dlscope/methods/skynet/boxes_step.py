"""`skynet_boxes`: the map of SkyNet's head → boxes of the original picture, as a step."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, final

import numpy as np
from pydantic import Field

from dlscope.methods.skynet.decoding import ANCHORS, PARTS, decode, decode_all
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.boxes import to_original
from dlscope.pipelines.placement import picture_input
from dlscope.pipelines.requirements import require_float, sizes_of

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[float, Field(gt=0)]


@final
class SkyNetBoxes(Step):
    """Map C × H × W → prediction `{"boxes": [[label, score, x_min, y_min, x_max, y_max], …]}`.

    The one surest box, or, with `score`, all that are at least so sure and overlap no surer one by
    more than `iou`. `anchors` are (width, height) in cells of the map. Boxes are mapped to the
    original picture of `input` (the first picture) and clipped to it.
    """

    step: ClassVar[str] = "skynet_boxes"
    anchors: tuple[tuple[Side, Side], ...] = ANCHORS
    score: Share | None = None
    iou: Share = 0.45
    input: str | None = None

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        channels = PARTS * len(self.anchors)
        if spec.axes != "CHW" or spec.shape[0] != channels:
            raise self._refuse(
                f"{len(self.anchors)} anchors take a map of {channels} channels (CHW), got {spec}",
                "use layout NCHW, and name the anchors that the network was trained with",
            )
        return Spec("prediction")

    def _apply(self, value: Value, context: StepContext) -> Value:
        picture = picture_input(self, context, self.input)
        width, height = sizes_of(picture, "WH")
        head, size = as_array(value)[np.newaxis], [(width, height)]
        if self.score is None:
            (found,) = decode(head, size, self.anchors, clip=False)
        else:
            (found,) = decode_all(
                head, size, self.anchors, threshold=self.score, iou=self.iou, clip=False
            )
        placed = replace(found, boxes=to_original(found.boxes, picture))
        return value.with_data({"boxes": placed.rows(context.labels)}, axes="")
