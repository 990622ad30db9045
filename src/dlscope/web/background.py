"""`Background`: what takes longer than a page may take, done beside it, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, final

Result = TypeVar("Result")


@dataclass
class _Work(Generic[Result]):
    """Something under way; `found` or `error` is set before it is `done`."""

    done: threading.Event = field(default_factory=threading.Event)
    found: Result | None = None
    error: Exception | None = None


@final
class Background(Generic[Result]):
    """Work by key; the same is not begun twice, and is forgotten once somebody has its result."""

    def __init__(self) -> None:
        self._works: dict[str, _Work[Result]] = {}
        self._lock = threading.Lock()

    def result(self, key: str, make: Callable[[], Result], patience_s: float) -> Result | None:
        """What `make` gives, or None where that takes longer than `patience_s`: ask again.

        Raises what `make` raises.
        """
        with self._lock:
            work = self._works.get(key)
            if work is None:
                work = self._works[key] = _Work()
                threading.Thread(target=_do, args=(work, make), daemon=True).start()
        if not work.done.wait(patience_s):
            return None
        with self._lock:
            self._works.pop(key, None)
        if work.error is not None:
            raise work.error
        return work.found


def _do(work: _Work[Result], make: Callable[[], Result]) -> None:
    try:
        work.found = make()
    except Exception as error:
        work.error = error  # raised where somebody asks for the result
    finally:
        work.done.set()
