"""`characterisation`: what XSP asks of a model, one row for each model, framework and batch size.

Where its time goes, what limits it, at which batch size it is best used, and in which part of the
network each of time, memory, work and traffic peaks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    SUBJECT,
    microseconds,
    percent,
    subject,
)
from dlscope.methods.profiling.analyses.memory_timeline import result_bytes
from dlscope.methods.profiling.analyses.model import optimal_batch, rates
from dlscope.methods.profiling.analyses.switches import setting
from dlscope.methods.profiling.cost import total
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.thirds import peak

DEVICE, LIBRARY, KERNELS = "device", "library", "kernels"
HOST_OPERATORS = frozenset(
    {
        *("if", "loop", "scan", "where", "nonzero", "nonmaxsuppression", "topk", "sort", "unique"),
        *("shape", "size", "range", "compress", "sequenceat", "tensoriterator", "multiclassnms"),
    }
)
"""Operators that decide, select or sort instead of computing, by their names in lower case."""
LIMITED_PCT = 50.0
_COVERED = 0.9
_HOST = (
    "share of the model on the host: without the device, or, where there is none, outside of "
    "layers and in operators that decide, select or sort"
)


def _peak_columns(of: str, text: str) -> tuple[Column, Column]:
    third = Column(f"{of}_third", "str", f"third of the network with the most {text}")
    return third, Column(f"{of}_third_pct", "float", f"share of {text} there", "%", "share", 2)


_COLUMNS = (
    *SUBJECT,
    BATCH,
    Column("latency_us", "float", "latency of a forward call", "µs", "value"),
    Column("throughput_per_s", "float", "inputs per second", "1/s", "value"),
    Column("optimal_batch", "int", "of the sweep; none of a single batch size", role="count"),
    Column("maximum_throughput_per_s", "float", "throughput there", "1/s", "value", 2),
    Column("online_latency_us", "float", "latency at batch size 1", "µs", "value", 2),
    Column("dominant_type", "str", "type of layer that takes the most time"),
    Column("dominant_pct", "float", "its share of all layers' time", "%", "share"),
    Column("dominant_memory_bound", "bool", "whether memory limits these layers"),
    Column("memory_bound", "bool", "whether memory limits the model"),
    Column("inside", "str", "what is told apart: device, library, or kernels of the host"),
    Column("inside_pct", "float", "share of the model in it", "%", "share"),
    Column("outside_pct", "float", "share of the model outside of it", "%", "share"),
    *_peak_columns("latency", "latency"),
    *_peak_columns("allocation", "bytes of results"),
    *_peak_columns("flops", "floating-point operations"),
    *_peak_columns("memory_access", "bytes read and written"),
    Column("unattributed_pct", "float", "share of the model outside of layers", "%", "share", 2),
    Column("host_pct", "float", _HOST, "%", "share"),
    Column("host_limited", "bool", "whether that is most of the model"),
    Column("switches", "int", "layers computed otherwise than in the profile before", role="count"),
)


def characterisation(profiles: Sequence[Profile], switches: Table) -> Table:
    """One row for each of `profiles`; `switches` is A18 over them."""
    records = [_record(each, profiles, switches) for each in profiles if each.model is not None]
    covered = f"{100 * _COVERED:.0f} % of the time"
    note = f"memory bound: intensity below the ridge, told by layers of {covered}"
    return Table.of("characterisation", _COLUMNS, records, note=note)


def _record(profile: Profile, profiles: Sequence[Profile], switches: Table) -> dict[str, Cell]:
    inside = _inside(profile)
    return {
        **subject(profile),
        "batch_size": profile.batch_size,
        **_speed(profile, profiles),
        **_dominant(profile),
        "memory_bound": memory_bound(profile, profile.nodes(Level.LAYER)),
        **inside,
        **_thirds(profile),
        **_host(profile, inside),
        "switches": _switches(profile, switches),
    }


def memory_bound(profile: Profile, layers: Sequence[Node]) -> bool | None:
    """Whether memory limits `layers` together; None where too much of them is not known."""
    known = [layer for layer in layers if profile.cost(layer).intensity is not None]
    latency = {id(layer): profile.latency_ns(layer) or 0.0 for layer in layers}
    covered = sum(latency[id(layer)] for layer in known)
    if not known or covered < _COVERED * sum(latency.values()):
        return None
    cost = total((profile.cost(layer), latency[id(layer)]) for layer in known)
    return cost.is_memory_bound(profile.ceilings)


def _speed(profile: Profile, profiles: Sequence[Profile]) -> dict[str, Cell]:
    """At its own batch, and over the sweep that it is part of."""
    assert profile.model is not None
    latency = profile.latency_ns(profile.model)
    by_batch = rates(profile, profiles)
    best = optimal_batch(by_batch)
    return {
        "latency_us": microseconds(latency),
        "throughput_per_s": profile.batch_size * 1e9 / latency if latency else None,
        "optimal_batch": best,
        "maximum_throughput_per_s": None if best is None else by_batch[best],
        "online_latency_us": 1e6 / by_batch[1] if 1 in by_batch else None,
    }


def _dominant(profile: Profile) -> dict[str, Cell]:
    by_type: dict[str, list[Node]] = defaultdict(list)
    for layer in profile.nodes(Level.LAYER):
        by_type[layer.type].append(layer)
    sums = {kind: _sum_ns(profile, layers) for kind, layers in by_type.items()}
    if not sums:
        return {}
    first = min(sums, key=lambda kind: (-sums[kind], kind))
    return {
        "dominant_type": first,
        "dominant_pct": percent(sums[first], sum(sums.values())),
        "dominant_memory_bound": memory_bound(profile, by_type[first]),
    }


def _inside(profile: Profile) -> dict[str, Cell]:
    """How much of the model runs in what lies deepest, as far as that can be told.

    A device is set against the latency of the run that sees only the model (A15), since looking
    at it delays the host; what runs on the host is set against the model within its own run.
    """
    assert profile.model is not None
    kernels = profile.nodes(Level.KERNEL)
    on_device = [kernel for kernel in kernels if kernel.is_device]
    told: tuple[str, Sequence[Node], Level, int]
    if on_device:
        told = (DEVICE, on_device, Level.KERNEL, profile.run_of(Level.MODEL))
    elif calls := profile.nodes(Level.LIBRARY):
        told = (LIBRARY, calls, Level.LIBRARY, profile.run_of(Level.LIBRARY))
    elif kernels:
        told = (KERNELS, kernels, Level.KERNEL, profile.run_of(Level.KERNEL))
    else:
        return {}
    name, nodes, level, against = told
    share = percent(
        profile.union_ns(iter(nodes), profile.run_of(level)), profile.model.latency_ns(against)
    )
    if share is None:
        return {"inside": name}
    within = min(share, 100.0)
    return {"inside": name, "inside_pct": within, "outside_pct": 100 - within}


def _thirds(profile: Profile) -> dict[str, Cell]:
    values: Mapping[str, Callable[[Node], float | None]] = {
        "latency": profile.latency_ns,
        "allocation": result_bytes,
        "flops": lambda layer: profile.cost(layer).flops,
        "memory_access": lambda layer: profile.cost(layer).bytes,
    }
    return dict(_peak_cells(profile.nodes(Level.LAYER), values))


def _peak_cells(
    layers: Sequence[Node], values: Mapping[str, Callable[[Node], float | None]]
) -> Iterator[tuple[str, Cell]]:
    for name, value in values.items():
        found = peak(layers, value)
        if found is not None:
            yield f"{name}_third", found.third
            yield f"{name}_third_pct", found.percent


def _host(profile: Profile, inside: Mapping[str, Cell]) -> dict[str, Cell]:
    """What is not computing: on the host instead of a device, or outside of what computes."""
    assert profile.model is not None
    layers = profile.nodes(Level.LAYER)
    unattributed = _unattributed_pct(profile, layers)
    host = inside.get("outside_pct") if inside.get("inside") == DEVICE else unattributed
    if host is None:
        return {"unattributed_pct": unattributed}
    share = float(host)
    if inside.get("inside") != DEVICE:
        deciding = [layer for layer in layers if is_host_operator(layer)]
        share += percent(_sum_ns(profile, deciding), profile.latency_ns(profile.model)) or 0.0
    share = min(share, 100.0)
    return {
        "unattributed_pct": unattributed,
        "host_pct": share,
        "host_limited": share > LIMITED_PCT,
    }


def is_host_operator(layer: Node) -> bool:
    """Whether a layer decides, selects or sorts instead of computing."""
    return layer.type.lower().replace("_", "").rpartition("::")[2] in HOST_OPERATORS


def _unattributed_pct(profile: Profile, layers: Sequence[Node]) -> float | None:
    """Share of the model outside of `layers`, within the run that has them as its deepest."""
    if profile.model is None or not layers:
        return None
    run = profile.run_of(Level.LAYER)
    covered = percent(profile.union_ns(iter(layers), run), profile.model.latency_ns(run))
    return None if covered is None else max(0.0, 100 - covered)


def _switches(profile: Profile, switches: Table) -> int | None:
    """None where library calls were not seen."""
    if Level.LIBRARY not in profile.levels:
        return None
    wanted = {**subject(profile), "to": setting(profile)}
    return sum(all(row[name] == cell for name, cell in wanted.items()) for row in switches)


def _sum_ns(profile: Profile, layers: Sequence[Node]) -> float:
    return sum(profile.latency_ns(layer) or 0.0 for layer in layers)
