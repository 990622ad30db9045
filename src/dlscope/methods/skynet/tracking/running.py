"""`follow`: one tracker through one sequence, timed frame by frame.

Letters: R runs, T frames; boxes are x, y, width, height in pixels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.skynet.tracking.sequences import Sequence, require_sequence
from dlscope.methods.skynet.tracking.tracker import Tracker
from dlscope.metrics.tracking_overlap import SequenceOverlap, counted_overlap

RUNS_OF_RANDOM = 3


@final
@dataclass(frozen=True)
class Track:
    """Where a tracker was in a sequence, and what each frame took, the first included.

    `runs` has the boxes [T, 4] of each time that it was run, seconds are [R, T]. The time of a
    frame is that of the tracker alone: reading or drawing the frame is not in it. `overlap` has
    the frames that count of all runs, one behind the other.
    """

    tracker: str
    sequence: str
    runs: tuple[NDArray[np.float64], ...]
    seconds_rt: NDArray[np.float64]
    cpu_seconds_rt: NDArray[np.float64]
    overlap: SequenceOverlap

    @property
    def boxes_t4(self) -> NDArray[np.float64]:
        """Those of the first run."""
        return self.runs[0]


def follow(make: Callable[[], Tracker], sequence: Sequence) -> Track:
    """Start with the first box and ask in every further frame.

    A random tracker is run three times, as GOT-10k does. Raises `DataError` for a sequence that
    is not one, or whose first box is no start.
    """
    require_sequence(sequence)
    tracker = make()
    boxes, times = zip(
        *(
            _run(tracker if run == 0 else make(), sequence)
            for run in range(RUNS_OF_RANDOM if tracker.is_random else 1)
        ),
        strict=True,
    )
    seconds_rt2 = np.stack(times)
    return Track(
        tracker.name,
        sequence.name,
        boxes,
        seconds_rt2[..., 0],
        seconds_rt2[..., 1],
        overlap_of(sequence, boxes),
    )


def _run(tracker: Tracker, sequence: Sequence) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes [T, 4], and seconds of the clock and of the processor [T, 2]."""
    first = np.asarray(sequence.boxes_xywh[0], dtype=np.float64)
    boxes, times = [first], []
    for index in range(len(sequence.frames)):
        image_hwc = sequence.frames[index]
        if index == 0:
            _, *taken = _timed(tracker.start, image_hwc, first.tolist())
        else:
            box, *taken = _timed(tracker.follow, image_hwc)
            boxes.append(np.asarray(box, dtype=np.float64))
        times.append(taken)
    return np.stack(boxes), np.asarray(times)


def overlap_of(sequence: Sequence, runs: Items[NDArray[Any]]) -> SequenceOverlap:
    """The overlaps of all runs that count, boxes clipped to the frames."""
    height, width = sequence.frames[0].shape[:2]
    counted = [
        counted_overlap(boxes_t4, sequence.boxes_xywh, sequence.cover, (width, height))
        for boxes_t4 in runs
    ]
    return SequenceOverlap(sequence.name, sequence.class_name, np.concatenate(counted))


def _timed(call: Callable[..., Any], *given: Any) -> tuple[Any, float, float]:
    """What a call returns, its seconds and its seconds of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call(*given)
    return result, time.perf_counter() - wall, time.process_time() - cpu
