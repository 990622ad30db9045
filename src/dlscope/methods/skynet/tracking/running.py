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

from dlscope.methods.skynet.tracking.mask_overlaps import MaskOverlaps, Overlaps, mask_overlaps
from dlscope.methods.skynet.tracking.sequences import Sequence, require_sequence
from dlscope.methods.skynet.tracking.tracker import BoxXywh, Tracker
from dlscope.metrics.tracking_overlap import SequenceOverlap, counted_overlap

RUNS_OF_RANDOM = 3
_NO_CORNERS = np.full((4, 2), np.nan)


@final
@dataclass(frozen=True)
class Track:
    """Where a tracker was in a sequence, and what each frame took, the first included.

    `runs` has the boxes [T, 4] of each time that it was run, seconds are [R, T]. The time of a
    frame is that of the tracker alone: reading or drawing the frame is not in it. `overlap` has
    the frames that count of all runs, one behind the other. `masks` are those of a tracker that
    tells masks, where the sequence tells them too, and `corners_t42` the turned rectangles of its
    first run, NaN where it has none.
    """

    tracker: str
    sequence: str
    runs: tuple[NDArray[np.float64], ...]
    seconds_rt: NDArray[np.float64]
    cpu_seconds_rt: NDArray[np.float64]
    overlap: SequenceOverlap
    masks: MaskOverlaps | None = None
    corners_t42: NDArray[np.float64] | None = None

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
    runs = [
        _run(tracker if run == 0 else make(), sequence)
        for run in range(RUNS_OF_RANDOM if tracker.is_random else 1)
    ]
    boxes = tuple(each.boxes_t4 for each in runs)
    seconds_rt2 = np.stack([each.seconds_t2 for each in runs])
    tells_masks = tracker.has_masks and sequence.masks is not None
    return Track(
        tracker.name,
        sequence.name,
        boxes,
        seconds_rt2[..., 0],
        seconds_rt2[..., 1],
        overlap_of(sequence, boxes),
        MaskOverlaps.joined([each.masks for each in runs]) if tells_masks else None,
        runs[0].corners_t42 if tracker.has_masks else None,
    )


@final
@dataclass(frozen=True)
class _Run:
    """Boxes, seconds of the clock and of the processor, overlaps of masks, corners around them."""

    boxes_t4: NDArray[np.float64]
    seconds_t2: NDArray[np.float64]
    masks: MaskOverlaps
    corners_t42: NDArray[np.float64]


def _run(tracker: Tracker, sequence: Sequence) -> _Run:
    masks: list[Overlaps] = []
    first = np.asarray(sequence.boxes_xywh[0], dtype=np.float64)
    boxes, times, corners = [first], [], [_NO_CORNERS]
    for index in range(len(sequence.frames)):
        image_hwc = sequence.frames[index]
        if index == 0:
            _, *taken = _timed(tracker.start, image_hwc, first.tolist())
        else:
            box, *taken = _timed(tracker.follow, image_hwc)
            boxes.append(np.asarray(box, dtype=np.float64))
            masks += _frame_masks(tracker, sequence, index, box)
            found = None if tracker.outline is None else tracker.outline.corners
            corners.append(_NO_CORNERS if found is None else found)
        times.append(taken)
    return _Run(np.stack(boxes), np.asarray(times), MaskOverlaps.of(masks), np.stack(corners))


def _frame_masks(tracker: Tracker, sequence: Sequence, index: int, box: BoxXywh) -> Items[Overlaps]:
    """The overlaps of one frame; none where there is nothing to tell or to be seen."""
    if tracker.outline is None or sequence.masks is None or sequence.cover[index] == 0:
        return ()
    truth_hw = sequence.masks[index]
    if not truth_hw.any():
        return ()
    return (mask_overlaps(tracker.outline, box, truth_hw, sequence.boxes_xywh[index]),)


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
