"""Streams with room for a bounded number of words, worked through token by token."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import pytest

from dlscope.methods.codesign.emission.accelerator.stage import Stage
from dlscope.methods.codesign.emission.accelerator.stages import pipelined, stages_of
from dlscope.methods.codesign.emission.accelerator.wiring import Wiring, waiting_places

LANES = (4, 4, 4, 4, 4, 4, 4)
USUAL_DEPTH = 2


@pytest.fixture(scope="module")
def stages(integers) -> tuple[Stage, ...]:
    return stages_of(integers, LANES, pipelined)


def test_every_wire_is_written_once_and_read_once(stages) -> None:
    wiring = Wiring(stages)
    named = [re.search(r"\((.*)\)", call)[1].split(", ") for call in wiring.calls]
    uses = [name for names in named for name in names]
    assert sorted(uses) == sorted([*(2 * [w.name for w in wiring.wires]), "image", "answers"])


def test_words_fit_on_both_sides(integers) -> None:
    for lanes in ((1, 8, 2, 8, 1, 8, 4), (4, 1, 8, 2, 16, 1, 2)):
        wiring = Wiring(stages_of(integers, lanes, pipelined))
        for call in wiring.calls:
            sizes = re.match(r"resized<(\d+), (\d+), (\d+)>", call)
            if sizes:
                count, one, other = map(int, sizes.groups())
                assert one != other
                assert max(one, other) % min(one, other) == 0
                assert count % max(one, other) == 0


def test_what_waits_for_a_sum_is_what_the_stages_between_may_fetch(stages) -> None:
    # One row and one place of the kernel, and one place that each of the three may be ahead.
    assert waiting_places(stages[1:4]) == 6 + 2 + 3 + 1


def test_with_the_room_that_is_given_no_stage_waits_for_ever(stages) -> None:
    wiring = Wiring(stages)
    assert _runs(stages, wiring, {w.name: w.depth or USUAL_DEPTH for w in wiring.wires})


def test_with_much_less_room_the_sum_waits_for_ever(stages) -> None:
    wiring = Wiring(stages)
    assert not _runs(stages, wiring, {w.name: USUAL_DEPTH for w in wiring.wires})


def _runs(stages: tuple[Stage, ...], wiring: Wiring, depths: dict[str, int]) -> bool:
    """Whether all processes end when no stream holds more words than its depth."""
    streams = {name: deque() for name in (*depths, "answers")}
    image = deque(range(36 * 2 // stages[0].lanes_in))
    streams["image"] = image
    room = {**depths, "image": 10**6, "answers": 10**6}
    processes = [_process(call, stages) for call in wiring.calls]
    waiting = [next(process) for process in processes]
    moved = True
    while moved:
        moved = False
        for place, process in enumerate(processes):
            while waiting[place] is not None and _can(waiting[place], streams, room):
                kind, name = waiting[place]
                streams[name].popleft() if kind == "read" else streams[name].append(0)
                waiting[place] = next(process, None)
                moved = True
    return all(each is None for each in waiting)


def _can(step: tuple[str, str], streams: dict[str, deque], room: dict[str, int]) -> bool:
    kind, name = step
    return bool(streams[name]) if kind == "read" else len(streams[name]) < room[name]


def _process(call: str, stages: tuple[Stage, ...]) -> Iterator[tuple[str, str]]:
    """Reads and writes of a call in the order that the C++ makes them."""
    function, arguments = re.match(r"([\w<>, ]+)\((.*)\)", call).groups()
    names = arguments.split(", ")
    numbers = [int(each) for each in re.findall(r"\d+", function.partition("<")[2])]
    if function.startswith("forked"):
        for _ in range(numbers[0] // numbers[1]):
            yield "read", names[0]
            yield "write", names[1]
            yield "write", names[2]
    elif function.startswith("resized"):
        count, one, other = numbers
        step = min(one, other)
        for first in range(0, count, step):
            if first % one == 0:
                yield "read", names[0]
            if first % other == other - step:
                yield "write", names[1]
    else:
        yield from _stage(next(stage for stage in stages if stage.id == function), names)


def _stage(stage: Stage, names: list[str]) -> Iterator[tuple[str, str]]:
    reads, *residual, writes = names
    words = stage.channels_in // stage.lanes_in
    if stage.kind == "pool":
        for _ in range(stage.height * stage.width * words):
            yield "read", reads
        for _ in range(stage.channels_out // stage.lanes_out):
            yield "write", writes
        return
    fetched = 0
    for row in range(stage.height_out):
        for column in range(stage.width_out):
            needed = stage.needed(row, column) * words
            ahead = min(needed // words + stage.lookahead, stage.height * stage.width) * words
            while fetched < needed:
                fetched += 1
                yield "read", reads
            given = stage.channels_out // stage.lanes_out
            for trip in range(stage.trips):
                if fetched < ahead:
                    fetched += 1
                    yield "read", reads
                if (trip + 1) % (stage.trips // given) == 0:
                    yield from (("read", name) for name in residual)
                    yield "write", writes
    while fetched < stage.height * stage.width * words:
        fetched += 1
        yield "read", reads
