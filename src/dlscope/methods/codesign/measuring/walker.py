"""`python -m dlscope.methods.codesign.measuring.walker`: one process that times models by turns.

It is told what to do in a file, tells how it comes along, and writes its times.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.channel import Tell, carry_out
from dlscope.core.errors import BackendError
from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol

_WARMUP, _TRIED, _UNCOUNTED = 10, 10, 2
_NS_PER_S = 1e9


def main() -> None:
    """Carry out the order in the file that the first argument names."""
    carry_out(lambda: Path(sys.argv[1]).read_text(encoding="utf-8"), _carry_out)


def _carry_out(order: Mapping[str, Any], tell: Tell) -> None:
    protocol = WalkProtocol.from_json(order["protocol"])
    models, failed = _opened(order["models"], protocol.threads)
    runs = [_runs_of(model, protocol.slot_ns) for model in models.values()]
    gc.collect()
    gc.freeze()
    gc.disable()
    times = walk(list(models.values()), runs, protocol, tell, seed=order["seed"])
    np.savez(order["into"], times=times)
    tell({"done": True, "places": list(models), "failed": failed})


def walk(
    models: Sequence[BoundModel],
    runs: Sequence[int],
    protocol: WalkProtocol,
    tell: Tell = lambda _: None,
    *,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Times of one run of each of `models` in ns, rounds × models × (CPU time, wall time)."""
    generator = np.random.default_rng((protocol.seed, seed))
    wanted_s = protocol.min_seconds / protocol.processes
    spent = np.zeros(len(models))
    rounds: list[NDArray[np.float64]] = []
    began = time.perf_counter()
    while len(rounds) < protocol.min_rounds or spent.min(initial=np.inf) < wanted_s:
        times = _round(models, runs, generator.permutation(len(models)))
        spent += times[:, 1] * runs / _NS_PER_S
        rounds.append(times)
        elapsed = time.perf_counter() - began
        tell({"share": _share(len(rounds), spent, elapsed, protocol)})
        if elapsed > protocol.max_seconds:
            break
    return np.stack(rounds)


def _opened(paths: Mapping[str, str], threads: int) -> tuple[dict[str, BoundModel], dict[str, str]]:
    opened: dict[str, BoundModel] = {}
    failed: dict[str, str] = {}
    for place, path in paths.items():
        try:
            opened[place] = BoundModel(Path(path), threads=threads)
        except BackendError as error:
            failed[place] = error.what
    return opened, failed


def _runs_of(model: BoundModel, slot_ns: int) -> int:
    """How many runs fill a turn."""
    for _ in range(_WARMUP):
        model.run()
    start = time.perf_counter_ns()
    for _ in range(_TRIED):
        model.run()
    one_ns = max((time.perf_counter_ns() - start) / _TRIED, 1)
    return max(1, round(slot_ns / one_ns))


def _round(
    models: Sequence[BoundModel], runs: Sequence[int], order: NDArray[np.int64]
) -> NDArray[np.float64]:
    times = np.zeros((len(models), 2))
    for place in order:
        run, count = models[place].run, runs[place]
        for _ in range(_UNCOUNTED):
            run()
        wall, own = time.perf_counter_ns(), time.thread_time_ns()
        for _ in range(count):
            run()
        own, wall = time.thread_time_ns() - own, time.perf_counter_ns() - wall
        times[place] = own / count, wall / count
    return times


def _share(
    rounds: int, spent: NDArray[np.float64], elapsed: float, protocol: WalkProtocol
) -> float:
    wanted_s = protocol.min_seconds / protocol.processes
    parts = [rounds / protocol.min_rounds]
    if wanted_s > 0 and len(spent):
        parts.append(float(spent.min()) / wanted_s)
    late = elapsed / protocol.max_seconds if protocol.max_seconds > 0 else 1.0
    return min(1.0, max(min(parts), late))


if __name__ == "__main__":
    main()
