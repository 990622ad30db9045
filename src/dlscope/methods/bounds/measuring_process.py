"""`MeasuringProcess`: the child that measures, as its parent sees it; a dead one is replaced."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, final

_COMMAND = (sys.executable, "-m", "dlscope.methods.bounds.measuring_child")
_LOG_LINES = 3
_END_S = 5.0


class Died(Exception):  # noqa: N818 - what happened to the child, told to its owner alone
    """The child ended, or was ended, before it answered; says why in one line."""


@final
class MeasuringProcess:
    """Answers orders one by one; a child that takes longer than `patience_s` is ended."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._child: _Child | None = None

    def __enter__(self) -> MeasuringProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The child's answer. Raises `Died` where there is none; the next order has a new child."""
        if self._child is None:
            self._child = _Child()
        try:
            return self._child.ask(order, self._patience_s)
        except BaseException:
            # After an interruption, too, an answer may still come that nobody waits for.
            self._end(patience_s=0)
            raise

    def _end(self, patience_s: float = _END_S) -> None:
        if self._child is not None:
            self._child.end(patience_s)
        self._child = None


@final
class _Child:
    def __init__(self) -> None:
        # Closed by `end`: it lives as long as the process that writes to it.
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, order: Mapping[str, Any], patience_s: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        is_late = threading.Event()
        timer = threading.Timer(patience_s, self._give_up, [is_late])
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(order) + "\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise Died(f"took longer than {patience_s:g} s" if is_late.is_set() else self._died())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self, patience_s: float) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # It ends by itself when its standard input does, unless it is still at work.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _give_up(self, is_late: threading.Event) -> None:
        is_late.set()
        self._process.kill()

    def _died(self) -> str:
        code = self._process.wait()
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().strip().splitlines()]
        last = "; ".join(filter(None, lines[-_LOG_LINES:]))
        what = f"the measuring process ended with code {code}"
        return f"{what}: {last}" if last else what
