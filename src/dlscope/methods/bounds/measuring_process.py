"""`MeasuringProcess`: the child that measures, as its parent sees it; a dead one is replaced."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from typing import Any, final

from dlscope.agents.child_process import ChildProcess

_COMMAND = (sys.executable, "-m", "dlscope.methods.bounds.measuring_child")
_END_S = 5.0


class Died(Exception):  # noqa: N818 - what happened to the child, told to its owner alone
    """The child ended, or was ended, before it answered; says why in one line."""


@final
class MeasuringProcess:
    """Answers orders one by one; a child that takes longer than `patience_s` is ended."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._child: ChildProcess | None = None

    def __enter__(self) -> MeasuringProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The child's answer. Raises `Died` where there is none; the next order has a new child."""
        if self._child is None:
            self._child = ChildProcess(_COMMAND)
        try:
            return self._asked(self._child, json.dumps(order))
        except BaseException:
            # After an interruption, too, an answer may still come that nobody waits for.
            self._end(patience_s=0)
            raise

    def _asked(self, child: ChildProcess, order: str) -> dict[str, Any]:
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            child.kill()

        timer = threading.Timer(self._patience_s, give_up)
        timer.start()
        try:
            child.tell(order)
            line = child.answer()
        finally:
            timer.cancel()
        if not line:
            late = f"took longer than {self._patience_s:g} s"
            raise Died(late if is_late.is_set() else child.ended("the measuring process"))
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self, patience_s: float = _END_S) -> None:
        if self._child is not None:
            self._child.end(patience_s)
        self._child = None
