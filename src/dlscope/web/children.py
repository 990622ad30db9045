"""`Child`: a process that does one thing beside the server and tells of it in events."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, final

_LOG_LINES = 40
MODULE = "dlscope.web.job_process"


@final
class Child:
    """Carries out `asked` in a process of its own."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        # Open as long as the process writes to it.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            # A session of its own: Ctrl-C at the server ends its jobs once, not twice.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """What the process tells, until it ends; it is waited for."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                yield json.loads(line)
        self._process.wait()

    def interrupt(self) -> None:
        """Ctrl-C: once finishes the query and keeps the Run, twice ends at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def end(self, patience_s: float) -> None:
        """Interrupt it, and end it hard after `patience_s`."""
        self.interrupt()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Let go of what its end has left: the pipe to it and its log."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._log.close()

    @property
    def code(self) -> int | None:
        """Its exit status, None while it is at work."""
        return self._process.poll()

    def log_tail(self) -> list[str]:
        """The last 40 lines that it wrote to standard error."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]


def answer_of(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The last event of a process that does `asked`."""
    last: Mapping[str, Any] = {"type": "died"}
    with contextlib.closing(Child(asked)) as child:
        for event in child.events():
            last = event
        return {"type": "died", "log": child.log_tail()} if last["type"] == "died" else last
