from __future__ import annotations

import random

from dlscope.reporting.lanes import Slice, bounded, laid_out


def slices(*times, lane="kernel", part="compute"):
    return [Slice(lane, f"k{i}", part, start, length) for i, (start, length) in enumerate(times)]


def lanes(placed):
    return [(each.lane, each.name) for each in placed]


def test_what_overlaps_goes_to_a_further_lane_beside_its_own() -> None:
    spans = [*slices((0, 10), (5, 10), (12, 3), (10, 2)), *slices((0, 1), lane="copy")]
    assert lanes(laid_out(spans, 15)) == [
        ("kernel", "k0"),
        ("kernel", "k3"),
        ("kernel", "k2"),
        ("kernel (2)", "k1"),
        ("copy", "k0"),
    ]


def test_a_span_within_another_stands_under_it() -> None:
    assert lanes(laid_out(slices((0, 2), (0, 10)), 10)) == [("kernel", "k1"), ("kernel (2)", "k0")]


def test_an_overlap_that_nobody_can_see_is_none() -> None:
    touching = slices((0, 50_001), (50_000, 50_000))
    assert {lane for lane, _ in lanes(laid_out(touching, 100_000))} == {"kernel"}
    assert len({lane for lane, _ in lanes(laid_out(touching, 5_000))}) == 2


def test_few_slices_stand_for_themselves() -> None:
    spans = slices((0, 1), (1, 1), (2, 1))
    assert bounded(spans, 3, 3) == (spans, 0.0)


def test_of_many_those_under_a_pixel_become_one_for_each_pixel_and_part() -> None:
    spans = [
        *slices((0, 4000)),
        *slices((4000, 1), (4001, 1), (4003, 1)),
        *slices((4002, 1), part="movement"),
    ]
    kept, width = bounded(spans, 5000, 3)
    assert width == 5.0
    assert kept == [
        spans[0],
        Slice("kernel", "3 spans", "compute", 4000, 3),
        Slice("kernel", "k0", "movement", 4003, 1),
    ]


def test_pixels_grow_until_few_enough_remain_and_no_time_is_lost() -> None:
    numbers = random.Random(1)
    start, spans = 0, []
    for index in range(6000):
        length = numbers.randint(1, 2000)
        spans.append(Slice(f"lane {index % 3}", "k", "compute", start, length))
        start += length
    kept, width = bounded(spans, start, 500)
    assert 400 < len(kept) <= 500
    assert width > start / 1000
    for lane in ("lane 0", "lane 1", "lane 2"):
        sums = [sum(e.duration for e in part if e.lane == lane) for part in (spans, kept)]
        assert sums[0] == sums[1]
