"""`Notes`: from how sure a network is of each pitch at each time to notes.

Axes: T frames, K pitches.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.requirements import require_float

Positive = Annotated[int, Field(gt=0)]


@final
class Notes(Step):
    """Runs of at least `min_frames` frames in which a pitch has at least `threshold`.

    Prediction `{"notes": [[pitch, begin, end, strength], …]}`, by begin and then pitch: the MIDI
    number, seconds, and the mean over the run. Pitch 0 is the MIDI number `lowest`; a frame is
    `hop` samples at `rate_hz`. (Bittner et al. 2022, without their search for onsets.)
    """

    step: ClassVar[str] = "notes"
    threshold: float = 0.5
    min_frames: Positive = 11
    lowest: Annotated[int, Field(ge=0, le=127)] = 21
    hop: Positive = 256
    rate_hz: Positive = 22050

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        if spec.axes != "TK":
            raise self._refuse(
                f"notes takes pitches at each frame (TK), got {spec}", "use layout NTK"
            )
        return Spec("prediction")

    def _apply(self, value: Value, _context: StepContext) -> Value:
        sure_tk = as_array(value)
        frame_s = self.hop / self.rate_hz
        notes = [
            [
                self.lowest + pitch,
                begin * frame_s,
                end * frame_s,
                strength(sure_tk, pitch, begin, end),
            ]
            for pitch in range(sure_tk.shape[1])
            for begin, end in runs(sure_tk[:, pitch] >= self.threshold)
            if end - begin >= self.min_frames
        ]
        notes.sort(key=lambda note: (note[1], note[0]))
        return value.with_data({"notes": notes}, axes="")


def runs(is_on_t: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end, exclusive, of each run of true entries."""
    steps = np.diff(is_on_t.astype(np.int8), prepend=0, append=0)
    begins, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(int(begin), int(end)) for begin, end in zip(begins, ends, strict=True)]


def strength(sure_tk: NDArray[np.floating], pitch: int, begin: int, end: int) -> float:
    """Mean over the frames of a note."""
    return float(sure_tk[begin:end, pitch].astype(np.float64).mean())
