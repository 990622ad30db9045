"""`Channel`: a bounded queue between two stages that can be ended from either side."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar, final

Item = TypeVar("Item")


@final
class Closed(Exception):  # noqa: N818 - an end, not an error
    """Nothing more comes through, or is taken."""


@final
class Channel(Generic[Item]):
    """Holds at most `capacity` items; both ends say how long they waited, in ns.

    `close` lets what is inside be taken, `abort` empties it and wakes everybody at once.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_aborted = False

    def put(self, item: Item) -> int:
        """Add an item once there is room; the wait. Raises `Closed` when nobody takes it."""
        started = time.perf_counter_ns()
        with self._changed:
            self._changed.wait_for(lambda: self._is_aborted or len(self._items) < self._capacity)
            if self._is_aborted:
                raise Closed
            self._items.append(item)
            self._changed.notify_all()
        return time.perf_counter_ns() - started

    def take(self) -> tuple[Item, int, int]:
        """The oldest item, the wait for it, and how many were there with it.

        Raises `Closed` when no further one comes.
        """
        started = time.perf_counter_ns()
        with self._changed:
            self._changed.wait_for(lambda: self._is_aborted or self._items or self._is_closed)
            if self._is_aborted or not self._items:
                raise Closed
            there = len(self._items)
            item = self._items.popleft()
            self._changed.notify_all()
        return item, time.perf_counter_ns() - started, there

    def close(self) -> None:
        """Say that no further item is put."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Drop what is inside and let nobody wait any longer."""
        with self._changed:
            self._is_aborted = True
            self._items.clear()
            self._changed.notify_all()
