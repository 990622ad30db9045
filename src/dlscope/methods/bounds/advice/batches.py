"""Q8: at which batch size is the throughput as good as it gets, measured and at best?"""

from __future__ import annotations

from collections.abc import Mapping

NEARLY = 0.05
"""How far below the best throughput a batch size may be."""


def knee(latency_ns: Mapping[int, float]) -> int | None:
    """The smallest batch whose throughput is within 5 % of the best; None of no batch sizes.

    `latency_ns` is that of a whole batch, by its size.

    >>> knee({1: 10.0, 2: 15.0, 4: 29.0})
    2
    """
    throughput = {size: size / each for size, each in latency_ns.items() if each > 0}
    best = max(throughput.values(), default=0.0)
    enough = (size for size, each in throughput.items() if each >= (1 - NEARLY) * best)
    return min(enough, default=None)
