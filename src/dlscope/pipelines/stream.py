"""The streaming executor: operators joined by bounded queues, all running at once.

source → [Map | Batch | Unbatch] → … → outcomes in the order of the source

Each operator runs in threads of its own and waits when the queue behind it is full, so a slow
operator holds back the ones before it. An item whose operator raised passes all later operators
untouched and comes out as a failed outcome; the stream goes on.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Generator, Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, final

from dlscope.core.errors import DataError, PlanError
from dlscope.pipelines.channel import Channel, Ended


@final
@dataclass(frozen=True)
class Map:
    """`function` of each item (of each batch, between Batch and Unbatch), by `workers` threads."""

    name: str
    function: Callable[[Any], Any]
    workers: int = 1


@final
@dataclass(frozen=True)
class Batch:
    """`size` items in a row as one list; the last batch may be smaller. Failed items stay out."""

    size: int


@final
@dataclass(frozen=True)
class Unbatch:
    """Each entry of a batch's result as the item it belongs to."""


Stage = Map | Batch | Unbatch


@final
@dataclass(frozen=True)
class Outcome:
    """What became of item `index`: its `value`, or the `error` that stopped it."""

    index: int
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True)
class _Packet:
    """One item, or a batch of them, on its way; `number` is its place in the current queue."""

    number: int
    indices: tuple[int, ...]
    value: Any = None
    error: Exception | None = None


def run_stream(
    source: Iterable[Any], stages: Sequence[Stage], *, capacity: int | None = None
) -> Generator[Outcome, None, None]:
    """Outcomes of the items of `source`, in order, as they become ready.

    `capacity` entries fit between two operators; by default twice the largest batch, before a
    Batch and behind an Unbatch, else 2. An error of the source itself is raised here, after the
    outcomes of the items before it. Closing the generator, or leaving it by an exception
    such as KeyboardInterrupt, lets each operator end the item it has in hand, and no thread stays.
    """
    _check(stages)
    largest = max((stage.size for stage in stages if isinstance(stage, Batch)), default=1)
    stream = _Stream(source, stages, capacity or 2 * largest)
    return stream.outcomes()


@final
class _Stream:
    """The threads of one call of `run_stream`."""

    def __init__(self, source: Iterable[Any], stages: Sequence[Stage], capacity: int) -> None:
        self._source = source
        self._channels = [Channel[_Packet](capacity) for _ in range(len(stages) + 1)]
        self._source_error: BaseException | None = None
        self._threads = [self._thread("source", self._feed)]
        for stage, before, behind in zip(stages, self._channels, self._channels[1:], strict=False):
            self._threads += self._operators(stage, before, behind)

    def outcomes(self) -> Generator[Outcome, None, None]:
        try:
            for thread in self._threads:
                thread.start()
            yield from _in_order(self._channels[-1])
            if self._source_error is not None:
                raise self._source_error
        finally:
            for channel in self._channels:
                channel.tear_down()
            for thread in self._threads:
                if thread.ident is not None:
                    thread.join()

    def _operators(
        self, stage: Stage, before: Channel[_Packet], behind: Channel[_Packet]
    ) -> list[threading.Thread]:
        if isinstance(stage, Map):
            crew = _Crew(stage, before, behind)
            return [self._thread(stage.name, crew.work) for _ in range(stage.workers)]
        if isinstance(stage, Batch):
            return [self._thread("batch", lambda: _batch(before, behind, stage.size))]
        return [self._thread("unbatch", lambda: _unbatch(before, behind))]

    def _feed(self) -> None:
        first = self._channels[0]
        try:
            for index, item in enumerate(self._source):
                first.put(_Packet(index, (index,), item))
        # Whatever the source raises is raised again in the thread that reads the outcomes.
        except Ended:
            pass
        except BaseException as error:
            self._source_error = error
        finally:
            first.finish()

    @staticmethod
    def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=work, name=f"dlscope-{name}", daemon=True)


@final
class _Crew:
    """The workers of one Map: they work side by side and hand on in the order they took."""

    def __init__(self, stage: Map, before: Channel[_Packet], behind: Channel[_Packet]) -> None:
        self._stage, self._before, self._behind = stage, before, behind
        self._taking = threading.Lock()
        self._turn = threading.Condition()
        self._next = 0
        self._present = stage.workers
        self._stopped = False

    def work(self) -> None:
        """Take, apply, hand on, until the queue ends."""
        try:
            while True:
                with self._taking:
                    packet = self._before.get()
                self._hand_on(_applied(self._stage, packet))
        except Ended:
            self._leave()

    def _hand_on(self, packet: _Packet) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self._next == packet.number)
            if self._stopped:
                raise Ended
        self._behind.put(packet)
        with self._turn:
            self._next += 1
            self._turn.notify_all()

    def _leave(self) -> None:
        with self._turn:
            self._present -= 1
            # A worker that could not hand on leaves the others without their turn.
            self._stopped = self._stopped or self._behind.is_torn_down
            self._turn.notify_all()
            last = self._present == 0
        if last:
            self._behind.finish()


def _applied(stage: Map, packet: _Packet) -> _Packet:
    if packet.error is not None:
        return packet
    try:
        value = stage.function(packet.value)
    # Any error belongs to its item: it travels on with it and is seen in the outcome.
    except Exception as error:
        return _Packet(packet.number, packet.indices, error=error)
    return _Packet(packet.number, packet.indices, value)


def _batch(before: Channel[_Packet], behind: Channel[_Packet], size: int) -> None:
    sender = _Sender(behind)
    waiting: list[_Packet] = []
    try:
        while True:
            packet = before.get()
            if packet.error is not None:
                sender.send(packet.indices, error=packet.error)
                continue
            waiting.append(packet)
            if len(waiting) == size:
                sender.send_batch(waiting)
                waiting = []
    except Ended:
        sender.close(waiting)


def _unbatch(before: Channel[_Packet], behind: Channel[_Packet]) -> None:
    sender = _Sender(behind)
    try:
        while True:
            packet = before.get()
            error = packet.error or _miscounted(packet)
            for place, index in enumerate(packet.indices):
                value = None if error is not None else packet.value[place]
                sender.send((index,), value, error)
    except Ended:
        sender.close([])


def _miscounted(packet: _Packet) -> DataError | None:
    count = len(packet.value) if isinstance(packet.value, Sized) else 1
    wanted = len(packet.indices)
    if count == wanted:
        return None
    return DataError(
        f"a batch of {wanted} items gave {count} result{'' if count == 1 else 's'}",
        where="unbatch",
        fix="give one result for each item of the batch",
    )


@final
class _Sender:
    """Numbers what one operator sends."""

    def __init__(self, channel: Channel[_Packet]) -> None:
        self._channel = channel
        self._number = 0

    def send(
        self, indices: tuple[int, ...], value: Any = None, error: Exception | None = None
    ) -> None:
        self._channel.put(_Packet(self._number, indices, value, error))
        self._number += 1

    def send_batch(self, packets: Sequence[_Packet]) -> None:
        indices = tuple(packet.indices[0] for packet in packets)
        self.send(indices, [packet.value for packet in packets])

    def close(self, waiting: Sequence[_Packet]) -> None:
        """Send the last, smaller batch if the stream has ended by itself."""
        try:
            if waiting:
                self.send_batch(waiting)
        except Ended:
            return
        self._channel.finish()


def _in_order(channel: Channel[_Packet]) -> Generator[Outcome, None, None]:
    """Outcomes by index; a failed item that overtook its batch waits for it."""
    early: list[tuple[int, Outcome]] = []
    expected = 0
    while True:
        try:
            packet = channel.get()
        except Ended:
            return
        index = packet.indices[0]
        heapq.heappush(early, (index, Outcome(index, packet.value, packet.error)))
        while early and early[0][0] == expected:
            expected += 1
            yield heapq.heappop(early)[1]


def _check(stages: Sequence[Stage]) -> None:
    inside = False
    for stage in stages:
        if isinstance(stage, Map):
            continue
        if isinstance(stage, Batch) == inside:
            name = "Batch" if inside else "Unbatch"
            raise PlanError(
                f"{name} cannot stand here",
                where="stages of a stream",
                fix="close every Batch with one Unbatch, one after the other",
            )
        inside = not inside
    if inside:
        raise PlanError(
            "the last Batch has no Unbatch", where="stages of a stream", fix="add Unbatch behind it"
        )
