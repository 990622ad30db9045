from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.exporters.lanes import Track, lanes

_TIMES = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12)


def _trace(*intervals: tuple[int, int], thread: int = 1) -> Trace:
    return Trace(
        Span(number, 0, Level.LAYER, "x", start, end, thread=thread)
        for number, (start, end) in enumerate(intervals, 1)
    )


def test_spans_that_nest_or_follow_share_a_lane() -> None:
    assert lanes(_trace((0, 10), (0, 4), (4, 10), (5, 5), (10, 12))).of_row == [0] * 5


def test_a_span_that_overlaps_halfway_goes_to_one_more_lane() -> None:
    found = lanes(_trace((0, 10), (5, 15), (8, 20), (12, 14)))
    assert found.of_row == [0, 1, 2, 0]
    assert [track.title for track in found.tracks] == [
        "thread 1",
        "thread 1, lane 2",
        "thread 1, lane 3",
    ]
    assert len(set(found.tids)) == 3
    assert found.tids[0] == 1


@given(_TIMES)
def test_spans_of_a_lane_never_overlap_halfway(times: list[tuple[int, int]]) -> None:
    intervals = [(start, start + length) for start, length in times]
    found = lanes(_trace(*intervals))
    by_lane: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for place, interval in zip(found.of_row, intervals, strict=True):
        by_lane[place].append(interval)
    for spans in by_lane.values():
        for one in spans:
            for other in spans:
                assert not one[0] < other[0] < one[1] < other[1]


def test_rows_of_other_threads_do_not_share_a_number() -> None:
    large = (1 << 40) + 7
    trace = Trace.merged(
        [_trace((0, 10), (5, 15), thread=thread) for thread in (0, 1, large, 2**31 - 1)]
    )
    found = lanes(trace)
    assert len(found.tracks) == len(set(found.tids)) == 8
    assert all(0 <= tid < 2**31 for tid in found.tids)
    assert found.tids[found.tracks.index(Track(0, -1, 1, 0))] == 1


def test_streams_of_a_device_have_their_own_owner() -> None:
    trace = Trace([Span(1, 0, Level.KERNEL, "k", 0, 1, process=5, thread=6, device=2, stream=3)])
    (track,) = lanes(trace).tracks
    assert (track.owner, track.title) == ("device 2", "stream 3")
