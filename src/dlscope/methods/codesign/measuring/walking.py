"""`walked`: models timed by turns in fresh processes, as if the machine never changed its speed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.device_lock import WAITING, device_lock
from dlscope.agents.ordered_process import ORDER, said
from dlscope.methods.codesign.measuring.levelling import Times, pooled, spread_of_speed
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol

Told = Callable[[str, float], None]
CPU, WALL = 0, 1


@final
@dataclass(frozen=True)
class Walked:
    """What models took: `times` are rounds of all processes × models, in ns, at one speed.

    A model that `failed` has no column; `places` are those of the others. `wall_ns` is the median
    by the clock on the wall. `speed_spread` says how much the speed of the machine changed.
    """

    started_utc: str
    places: tuple[int, ...]
    times: Times
    wall_ns: NDArray[np.float64]
    failed: Mapping[int, str]
    speed_spread: float


def walked(models: Sequence[bytes], protocol: WalkProtocol, told: Told = lambda *_: None) -> Walked:
    """Time `models`, files of ONNX, and nothing else on this machine meanwhile.

    Raises `BackendError` where a process ends before it is done.
    """
    started = datetime.now(UTC).isoformat()
    with tempfile.TemporaryDirectory(prefix="dlscope-codesign-") as place:
        folder = Path(place)
        paths = {str(number): folder / f"{number}.onnx" for number in range(len(models))}
        for path, model in zip(paths.values(), models, strict=True):
            path.write_bytes(model)
        with device_lock(lambda: told(WAITING, 0.0)):
            done = [
                _process(folder, paths, protocol, seed, told) for seed in range(protocol.processes)
            ]
    _, places, failed = done[0]
    clock = CPU if protocol.clock == "cpu" else WALL
    several = [times[:, :, clock] for times, _, _ in done]
    walls = np.concatenate([times[:, :, WALL] for times, _, _ in done])
    return Walked(
        started_utc=started,
        places=places,
        times=pooled(several),
        wall_ns=np.median(walls, axis=0),
        failed=failed,
        speed_spread=max(map(spread_of_speed, several)),
    )


Done = tuple[NDArray[np.float64], tuple[int, ...], dict[int, str]]


def _process(
    folder: Path, paths: Mapping[str, Path], protocol: WalkProtocol, seed: int, told: Told
) -> Done:
    into = folder / f"times{seed}.npz"
    order = {
        "models": {place: str(path) for place, path in paths.items()},
        "protocol": protocol.to_json(),
        "seed": seed,
        "into": str(into),
    }
    (folder / ORDER).write_text(json.dumps(order), encoding="utf-8")
    turn = f"process {seed + 1} of {protocol.processes}"
    step = f"timing {len(paths)} models by turns, {turn}"

    def tell(share: float) -> None:
        told(step, (seed + share) / protocol.processes)

    done = _answer(folder, tell)
    failed = {int(place): reason for place, reason in done["failed"].items()}
    with np.load(into) as arrays:
        return arrays["times"], tuple(map(int, done["places"])), failed


def _answer(folder: Path, tell: Callable[[float], None]) -> Mapping[str, Any]:
    """What the process says when it is done; it has written its times by then."""
    done: Mapping[str, Any] = {}
    for message in said(
        "dlscope.methods.codesign.measuring.walker",
        folder,
        name="the process that timed the models",
        where="codesign profile",
        fix="run it again; with too little memory, calibrate with fewer networks",
    ):
        if "share" in message:
            tell(message["share"])
        done = message if "done" in message else done
    return done
