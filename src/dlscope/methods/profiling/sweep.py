"""How far a sweep of batch sizes 1, 2, 4, … goes on: until doubling gains at most 5 %."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.profiling.analyses.model import GAIN

BATCHES = tuple(2**power for power in range(9))
"""As far as a sweep goes at most: 256."""


def swept(plans: Sequence[Plan], carry_out: Callable[[Plan], Run]) -> Iterator[Run]:
    """The Runs of `plans`, of each model and framework only up to where its sweep ends.

    It ends with the first batch that gains at most 5 % on the half of it, and with the first that
    fails: what does not fit into memory will not fit doubled. A model that takes one batch size
    alone has that.
    """
    for _, group in groupby(filter(_takes_batch, plans), key=_subject):
        before: float | None = None
        for plan in sorted(group, key=lambda each: each.batch_size):
            run = carry_out(plan)
            yield run
            rate = throughput(run)
            if rate is None or (before is not None and rate <= GAIN * before):
                break
            before = rate


def throughput(run: Run) -> float | None:
    """Items per second, None for a Run without samples."""
    latency = run.samples.trimmed_mean_ns
    return None if not latency or run.status != "finished" else run.plan.batch_size * 1e9 / latency


def _takes_batch(plan: Plan) -> bool:
    """Whether the graph takes so many items; one without a batch axis takes one."""
    sizes = [
        size
        for each in plan.model.inputs
        for axis, size in zip(each.layout, each.shape, strict=True)
        if axis == "N"
    ] or [1]
    return all(size in ("N", None, plan.batch_size) for size in sizes)


def _subject(plan: Plan) -> tuple[str, str, int]:
    return plan.model.name, plan.framework.digest, plan.repeat
