"""The bounds that follow from layers alone: sequential S, parallel P, and P with few resources.

t_i is the cost of the cheapest admissible way to carry out layer i; a view costs 0.
"""

from __future__ import annotations

from dlscope.graph.list_schedule import Schedule, list_schedule
from dlscope.methods.bounds.bound import Bound, ParallelBound, in_parallel, in_sequence
from dlscope.methods.bounds.costed import Costed
from dlscope.methods.bounds.roofline_floor import RooflineFloor


def sequential_bound(costed: Costed) -> Bound:
    """S = Σ t_i: the latency if each layer were as fast as it can be alone, one after another.

    Benanza's sequential lower bound; 0 for a network of views.
    """
    return in_sequence(costed)


def parallel_bound(costed: Costed) -> ParallelBound:
    """P = max over paths Σ t_i: the latency if layers that need nothing of each other overlapped.

    Benanza's parallel lower bound, over all sources and sinks. It takes as many equal devices as
    layers for granted; on one device it is optimistic. S on a chain.
    """
    return in_parallel(costed)


def resource_bound_ns(costed: Costed, floor: RooflineFloor) -> int:
    """R = max(P, Σ operations / peak, Σ bytes / bandwidth), in ns, on one device.

    However layers overlap, the device computes and moves no faster than at its peaks.
    """
    return max(parallel_bound(costed).total_ns, floor.compute_ns, floor.memory_ns)


def scheduled_bound(costed: Costed, *, workers: int) -> Schedule[int]:
    """Layers on so many equal devices: a list schedule, between P and S.

    Raises `GraphError` for less than one.
    """
    return list_schedule(costed.dag, costed.best_ns, workers=workers)
