"""`said`: what a process says that carries out one order, line by line, until it is done.

The order lies in a file; the process tells in lines of JSON how it comes along, and what it or a
library prints goes to a log that nobody reads unless it dies.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dlscope.core.errors import BackendError

ORDER = "order.json"
_LOG_LINES = 3
_END_S = 30.0


def said(
    module: str, folder: Path, *, name: str, where: str, fix: str
) -> Iterator[Mapping[str, Any]]:
    """Messages of `python -m module`, which finds its order in `folder`; the last has `done`.

    Whatever happens, the process is gone afterwards. Raises `BackendError` with its own words for
    an `error` that it tells, and with `name`, `where` and `fix` where it ends before it is done.
    """
    log = folder / "log"
    is_done = False
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder / ORDER)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                message: Mapping[str, Any] = json.loads(line)
                if "error" in message:
                    told = message["error"]
                    raise BackendError(told["what"], where=told["where"], fix=told["fix"])
                is_done = is_done or "done" in message
                yield message
        finally:
            _end(process)
    if not is_done:
        code = process.wait()
        raise BackendError(_last_words(name, code, log), where=where, fix=fix)


def _end(process: subprocess.Popen[str]) -> None:
    """One that has told all is given time to end by itself; otherwise it is ended."""
    assert process.stdout is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        if sys.exc_info()[0] is None:
            process.wait(_END_S)
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def _last_words(name: str, code: int, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = "; ".join(line.strip() for line in lines[-_LOG_LINES:])
    what = f"{name} ended with code {code}"
    return f"{what}: {last}" if last else what
