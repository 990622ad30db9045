"""`run_suite`: processes that walk over a suite one after the other, and what they measured."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.ordered_process import ORDER, said
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite

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
    before and after; `hot` and `touch` runs × items; `null_hot` runs × nulls; `view` networks. A
    round of a quick process has 0 for what was known by then, and there are no hot and touch runs.
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
        (folder / ORDER).write_text(json.dumps(order), encoding="utf-8")
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
    for message in said(
        "dlscope.methods.bricks.walker",
        folder,
        name="the process that timed the bricks",
        where="suite",
        fix="run it again, or leave out the model whose bricks end it",
    ):
        opened = message if "opened" in message else opened
        progress(message)
    return opened
