"""`Channel`: a bounded queue between two operators that can end, and can be torn down."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar, final

T = TypeVar("T")


class Ended(Exception):  # noqa: N818 - it ends a loop, it is no error
    """Nothing more will come through the channel, or it has been torn down."""


@final
class Channel(Generic[T]):
    """At most `capacity` entries, first in, first out; safe between threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: deque[T] = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._torn_down = False

    @property
    def is_torn_down(self) -> bool:
        """Whether `tear_down` was called."""
        return self._torn_down

    def put(self, entry: T) -> None:
        """Add `entry`, waiting for room. Raises `Ended` once the channel is torn down."""
        with self._changed:
            self._changed.wait_for(lambda: self._torn_down or len(self._entries) < self._capacity)
            if self._torn_down:
                raise Ended
            self._entries.append(entry)
            self._changed.notify_all()

    def get(self) -> T:
        """The oldest entry, waiting for one. Raises `Ended` when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._torn_down or self._finished or bool(self._entries))
            if self._torn_down or not self._entries:
                raise Ended
            entry = self._entries.popleft()
            self._changed.notify_all()
            return entry

    def finish(self) -> None:
        """Say that nothing more will be put; what is inside can still be got."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def tear_down(self) -> None:
        """Drop what is inside and wake everyone who waits, with `Ended`."""
        with self._changed:
            self._torn_down = True
            self._entries.clear()
            self._changed.notify_all()
