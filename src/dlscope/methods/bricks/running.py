"""`run_suite`: processes that walk over a suite one after the other, and what they measured."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import BackendError, DlscopeError
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite

WALL, CPU = 0, 1
CLOCKS = ("wall", "cpu")
_END_S = 30.0
_LOG_LINES = 3

Progress = Callable[[Mapping[str, Any]], None]


@final
@dataclass(frozen=True)
class Item:
    """What one place in all arrays belongs to: the model of the walk, the brick, what is where."""

    model: str
    brick: str
    in_place: str


@final
@dataclass(frozen=True)
class Walked:
    """What one process measured; the last axis of every array is the clock, wall or CPU, in ns.

    `walk` and `null` are rounds × items, `null` 0 where no null followed; `whole` rounds × models ×
    before and after; `hot` and `touch` runs × items; `null_hot` runs × nulls; `view` networks.
    `opened_ns` is what opening the session of a brick took, `opened_models_ns` that of a whole
    model, `failed` why a brick has no time.
    """

    started_utc: str
    items: tuple[Item, ...]
    models: tuple[str, ...]
    walk: NDArray[np.int64]
    null: NDArray[np.int64]
    whole: NDArray[np.int64]
    hot: NDArray[np.int64]
    null_hot: NDArray[np.int64]
    touch: NDArray[np.int64]
    view: NDArray[np.float64]
    opened_ns: Mapping[str, int]
    opened_models_ns: Mapping[str, int]
    failed: Mapping[str, str]


def run_process(
    suite: Suite,
    protocol: Protocol,
    models: Mapping[str, Path],
    wanted: Set[str] | None = None,
    progress: Progress = lambda _: None,
) -> Walked:
    """Walk over the suite in a fresh process; `models` are files of whole models by name.

    With `wanted`, only over these bricks. Raises `BackendError` where the process ends early.
    """
    with tempfile.TemporaryDirectory(prefix="dlscope-bricks-") as place:
        folder = Path(place)
        order = {
            "suite": suite.to_json(),
            "protocol": protocol.to_json(),
            "models": {name: str(path) for name, path in models.items()},
            "wanted": None if wanted is None else sorted(wanted),
            "into": str(folder / "times.npz"),
        }
        (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        started = datetime.now(UTC).isoformat()
        opened = _told(folder, progress)
        with np.load(folder / "times.npz") as arrays:
            return Walked(
                started_utc=started,
                items=tuple(Item(*each) for each in opened["items"]),
                models=tuple(models),
                opened_ns=opened["opened"],
                opened_models_ns=opened["models"],
                failed=opened["failed"],
                **arrays,
            )


def _told(folder: Path, progress: Progress) -> Mapping[str, Any]:
    """What the process said when everything was open; it has written its times by then."""
    opened: Mapping[str, Any] = {}
    is_done = False
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dlscope.methods.bricks.walker", str(folder / "order.json")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                message = json.loads(line)
                if "error" in message:
                    raise _error(message["error"])
                if "opened" in message:
                    opened = message
                is_done = is_done or "done" in message
                progress(message)
        finally:
            _end(process)
    if not is_done:
        raise _died(process.wait(), log)
    return opened


def _end(process: subprocess.Popen[str]) -> None:
    """Whatever happened, it is gone afterwards."""
    assert process.stdout is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        if sys.exc_info()[0] is None:
            process.wait(_END_S)
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def _error(told: Mapping[str, str]) -> DlscopeError:
    return BackendError(told["what"], where=told["where"], fix=told["fix"])


def _died(code: int, log: Path) -> BackendError:
    lines: Sequence[str] = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = "; ".join(line.strip() for line in lines[-_LOG_LINES:])
    what = f"the process that timed the bricks ended with code {code}"
    return BackendError(
        f"{what}: {last}" if last else what,
        where="suite",
        fix="run it again, or leave out the model whose bricks end it",
    )
