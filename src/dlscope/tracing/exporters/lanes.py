"""Where viewers draw spans: on lanes, on each of which spans nest or follow one another.

A viewer drops a slice that overlaps another one halfway, so such a span goes to one more lane.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dlscope.core.trace import Trace

_FIRST_DEVICE = 1_000_000_000
_LARGEST = (1 << 31) - 1  # Perfetto keeps process and thread ids in 32 bits


class Track(NamedTuple):
    """One row of a viewer: a thread of a process, or a stream of a device, and its lane."""

    process: int
    device: int
    thread: int
    lane: int

    @property
    def pid(self) -> int:
        """The process, or a number for the device, as viewers want one."""
        return self.process if self.device < 0 else _FIRST_DEVICE + self.device

    @property
    def owner(self) -> str:
        """What to call the process or the device."""
        return f"process {self.process}" if self.device < 0 else f"device {self.device}"

    @property
    def title(self) -> str:
        """What to call the row."""
        title = f"{'thread' if self.device < 0 else 'stream'} {self.thread}"
        return f"{title}, lane {self.lane + 1}" if self.lane else title


@dataclass
class Lanes:
    """The tracks of a trace and their numbers; `of_row` holds the place of each span's track."""

    of_row: list[int] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    tids: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    """The highest level on each track; viewers sort by it."""


def lanes(trace: Trace) -> Lanes:
    """A lane for each span of `trace`, the first on which it nests."""
    found = Lanes(of_row=[0] * len(trace))
    places: dict[Track, int] = {}
    ends: defaultdict[Track, list[int]] = defaultdict(list)
    for row, thread, start_ns, end_ns, level in _in_order(trace):
        lane = 0
        while not _fits(ends[track := Track(*thread, lane)], start_ns, end_ns):
            lane += 1
        ends[track].append(end_ns)
        if track not in places:
            places[track] = len(found.tracks)
            found.tracks.append(track)
            found.levels.append(level)
        place = found.of_row[row] = places[track]
        found.levels[place] = min(found.levels[place], level)
    found.tids = _tids(found.tracks)
    return found


def _in_order(trace: Trace) -> Iterable[tuple[int, tuple[int, int, int], int, int, int]]:
    """Rows with their thread or stream, those that hold others first."""
    on_host = trace["device"] < 0
    process = np.where(on_host, trace["process"], 0)
    thread = np.where(on_host, trace["thread"], trace["stream"])
    end_ns = np.maximum(trace["end_ns"], trace["start_ns"])
    keys = (trace["id"], trace["level"], -end_ns, trace["start_ns"])
    order = np.lexsort(keys)
    threads = zip(
        process[order].tolist(),
        trace["device"][order].tolist(),
        thread[order].tolist(),
        strict=True,
    )
    times = (trace["start_ns"][order].tolist(), end_ns[order].tolist())
    return zip(order.tolist(), threads, *times, trace["level"][order].tolist(), strict=True)


def _fits(ends: list[int], start_ns: int, end_ns: int) -> bool:
    while ends and ends[-1] <= start_ns:
        ends.pop()
    return not ends or end_ns <= ends[-1]


def _tids(tracks: list[Track]) -> list[int]:
    """A number for each track, that of its thread where it is small enough and the first lane."""
    own = {
        (track.pid, track.thread)
        for track in tracks
        if not track.lane and 0 <= track.thread <= _LARGEST
    }
    last = max((thread for _, thread in own), default=0)
    last = last if last < _LARGEST - len(tracks) else 0
    tids = []
    for track in tracks:
        if not track.lane and (track.pid, track.thread) in own:
            tids.append(track.thread)
            continue
        last += 1
        while (track.pid, last) in own:
            last += 1
        tids.append(last)
    return tids
