"""`ChildProcess`: a process that answers lines with lines, and whose last words are kept.

It reads its standard input to the end and ends by itself then; what it or a library prints goes to
a log that nobody reads unless it dies (see `private_channel` for its side).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import final

_LOG_LINES = 3
_END_S = 5.0


@final
class ChildProcess:
    """The process of `command`, with `environment` set beside what this one has.

    As a context it is given time to end by itself, and is ended then.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        # Closed by `end`: it lives as long as the process that writes to it.
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, **environment},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._answers = self._process.stdin, self._process.stdout

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def tell(self, line: str) -> None:
        """Give it a line. One that has ended is told nothing; its answer says so."""
        with contextlib.suppress(BrokenPipeError):
            self._orders.write(line + "\n")
            self._orders.flush()

    def answer(self) -> str:
        """Its next line, waited for; nothing where it ended without one."""
        return self._answers.readline()

    def ended(self, name: str) -> str:
        """How it ended, in one line: `name`, its code, and the last lines of its log."""
        code = self._process.wait()
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().strip().splitlines()]
        last = "; ".join(filter(None, lines[-_LOG_LINES:]))
        what = f"{name} ended with code {code}"
        return f"{what}: {last}" if last else what

    def kill(self) -> None:
        """End it at once; whoever waits for its answer gets none."""
        self._process.kill()

    def end(self, patience_s: float = _END_S) -> None:
        """Let it end by itself, and end it when that takes longer."""
        with contextlib.suppress(OSError):
            self._orders.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._log.close()
