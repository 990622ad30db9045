"""`Slice`s of a timeline laid into lanes, and the shortest of them summed by pixel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

_PIXELS = 1000
_OVERLAP = 0.1


@dataclass(frozen=True, slots=True)
class Slice:
    """What `name` did in `lane` from `start` for `duration`; `part` is the kind of work."""

    lane: str
    name: str
    part: str
    start: float
    duration: float

    @property
    def end(self) -> float:
        """When it was over."""
        return self.start + self.duration


def laid_out(slices: Sequence[Slice], whole: float) -> list[Slice]:
    """The slices by start, those that overlap an earlier one of their lane in a further lane.

    Lanes stand in the order in which they first come, `kernel (2)` after `kernel`. An overlap of
    less than a tenth of a pixel, of which `whole` has 1000, is none.
    """
    slack = _OVERLAP * whole / _PIXELS
    placed: dict[str, list[list[Slice]]] = {each.lane: [] for each in slices}
    for each in sorted(slices, key=lambda each: (each.start, -each.duration)):
        lanes = placed[each.lane]
        free = next((lane for lane in lanes if lane[-1].end <= each.start + slack), None)
        if free is None:
            lanes.append([each])
        else:
            free.append(each)
    return [
        each if number == 1 else replace(each, lane=f"{each.lane} ({number})")
        for lanes in placed.values()
        for number, lane in enumerate(lanes, start=1)
        for each in lane
    ]


def bounded(slices: Sequence[Slice], whole: float, most: int) -> tuple[list[Slice], float]:
    """At most `most` slices of lanes without overlap, and the width under which they are sums.

    The width is 0 where all slices stand for themselves, else `whole` by as many pixels, 1000 at
    most, as `most` allows. The sum of durations stays what it was.
    """
    if len(slices) <= most:
        return list(slices), 0.0
    pixels = _PIXELS
    while pixels > 1 and _marks(slices, whole / pixels) > most:
        pixels = pixels * 9 // 10
    return list(_summed(slices, whole / pixels)), whole / pixels


def _marks(slices: Sequence[Slice], width: float) -> int:
    """How many slices `_summed` gives."""
    short = [each for each in slices if each.duration < width]
    sums = {(each.lane, each.part, int(each.start / width)) for each in short}
    return len(slices) - len(short) + len(sums)


def _summed(slices: Iterable[Slice], width: float) -> Iterator[Slice]:
    """Slices of `width` and more as they are, the rest as one for each lane, pixel and part."""
    pixels: dict[tuple[str, int], dict[str, list[Slice]]] = {}
    for each in slices:
        if each.duration >= width:
            yield each
        else:
            pixel = pixels.setdefault((each.lane, int(each.start / width)), {})
            pixel.setdefault(each.part, []).append(each)
    for parts in pixels.values():
        end = min(members[0].start for members in parts.values())
        for members in parts.values():
            start, length = end, sum(each.duration for each in members)
            end += length
            name = members[0].name if len(members) == 1 else f"{len(members)} spans"
            yield replace(members[0], name=name, start=start, duration=length)
