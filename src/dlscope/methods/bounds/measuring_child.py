"""`python -m dlscope.methods.bounds.measuring_child`: times benches in a process of its own.

Libraries crash, leave threads behind and print. Orders and answers are lines of JSON on standard
input and on what was standard output; everything that a library prints goes to the log.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any, final

from dlscope.agents.channel import Message, told_to_parent
from dlscope.core.errors import BackendError, DlscopeError, GraphError
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.clocks import WAITED
from dlscope.methods.bounds.gpu_timing import gpu_timed, sensors_here
from dlscope.methods.bounds.implementation import (
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    tolerance,
)
from dlscope.methods.bounds.implementations.device_runnable import DeviceRunnable
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.registry import implementation
from dlscope.methods.bounds.timing import HotTiming, StopRule, hot


def main() -> None:
    """Answer orders until standard input ends."""
    tell = told_to_parent()
    bench = MeasuringChild()
    for line in sys.stdin:
        tell(bench.answer(json.loads(line)))


@final
class MeasuringChild:
    """Knows one brick at a time, and its reference."""

    def __init__(self) -> None:
        self._brick: Brick | None = None
        self._reference: Reference | None = None

    def answer(self, order: Message) -> Message:
        """What is asked for: `list` the ways to compute a brick, or `run` one of them."""
        brick, reference = self._opened(order)
        try:
            way = implementation(order["implementation"])
            if order["do"] == "list":
                return _listed(way, brick)
            return _run(way, brick, reference, order)
        except DlscopeError as error:
            # A library that says no knows its limits; all else is a failure.
            is_refusal = isinstance(error, BackendError | GraphError)
            return {"status": "unsupported" if is_refusal else "failed", "reason": error.what}
        except MemoryError:
            return {"status": "failed", "reason": "there is not enough memory"}

    def _opened(self, order: Message) -> tuple[Brick, Reference]:
        brick = Brick.from_json(order["brick"])
        if self._brick is None or self._reference is None or self._brick != brick:
            self._brick, self._reference = brick, Reference(brick)
        return self._brick, self._reference


def _listed(way: Implementation, brick: Brick) -> Message:
    return {
        "version": way.version(),
        "configurations": [_plain(each) for each in way.configurations(brick)],
    }


def _plain(found: Configuration | Unsupported) -> Message:
    configuration = found.configuration if isinstance(found, Unsupported) else found
    return {
        "algorithm": configuration.algorithm,
        "dtype": configuration.dtype,
        "layout": configuration.layout,
        "math": configuration.math,
        "unsupported": found.reason if isinstance(found, Unsupported) else None,
    }


def _run(way: Implementation, brick: Brick, reference: Reference, order: Message) -> Message:
    configuration = Configuration(**order["configuration"])
    threads = int(order["threads"])
    with closing(way.build(brick, configuration, threads=threads)) as runnable:
        error = reference.checked(runnable)
        allowed = tolerance(configuration, runnable.notes)
        told = _told(way, runnable, error)
        if not error <= allowed:
            reason = (
                f"differs from the reference by {error:.2g} of its maximum, {allowed:g} allowed"
            )
            return {"status": "wrong", "reason": reason, **told}
        rule = StopRule(**order["stop"])
        if isinstance(runnable, DeviceRunnable):
            return {"status": "ok", "reason": "", **_timed_on_gpu(runnable, rule, told)}
        with closing(way.build_null(threads=threads)) as null:
            timing = hot(runnable.run, null.run, rule)
        return {"status": "ok", "reason": "", **told, **_timed(timing)}


def _told(way: Implementation, runnable: Runnable, error: float) -> dict[str, Any]:
    return {
        "workspace_bytes": runnable.workspace_bytes,
        "notes": {"family": way.family, **runnable.notes},
        # JSON has no infinity.
        "relative_error": error if math.isfinite(error) else None,
    }


def _timed(timing: HotTiming) -> dict[str, Any]:
    told: dict[str, Any] = {"raw_ns": timing.raw_ns.tolist(), "calls": timing.samples.calls}
    if timing.samples.is_contended:
        told[WAITED] = round(100 * timing.samples.waited, 1)
    return {**told, "overhead_ns": timing.overhead_ns}


def _timed_on_gpu(
    runnable: DeviceRunnable, rule: StopRule, told: Mapping[str, Any]
) -> dict[str, Any]:
    """By the clock of the device, which knows nothing of what a call costs: no overhead."""
    timing = gpu_timed(runnable.launch, runnable.cuda, rule, sensors=sensors_here())
    samples = {"raw_ns": timing.kernel_ns.tolist(), "calls": timing.calls, "overhead_ns": 0}
    return {**told, **samples, "notes": {**told["notes"], **timing.told()}}


if __name__ == "__main__":
    main()
