"""A17: which library calls each layer makes, and what moves data instead of computing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, final

from dlscope.core.report import Finding
from dlscope.core.table import Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    SUBJECT,
    ProfileAnalysis,
    Record,
    microseconds,
    named,
    percent,
)
from dlscope.methods.profiling.analyses.columns import LAYER_INDEX, LAYER_NAME
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

MOVEMENT = frozenset({"reorder", "copy", "concat", "zero_pad", "transpose", "memcpy", "memset"})
"""Library calls that only move data."""
_TELLING_PCT = 2.0
_PROFILE = (*(column.name for column in SUBJECT), BATCH.name)


def is_movement(call: Node) -> bool:
    """Whether a library call moves data and computes nothing."""
    return (call.type or call.name).lower() in MOVEMENT


@final
class LibraryBreakdown(ProfileAnalysis):
    """A17: one row for each layer, the library's part of it told apart."""

    name: ClassVar[str] = "a17"
    doc: ClassVar[str] = "What do the libraries do for each layer: compute, move data, or nothing?"
    title: ClassVar[str] = "Library calls by layer"
    formula: ClassVar[str] = (
        "all within the run M/L/B; movement = reorder, copy, concat; glue = layer − union of calls"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER, Level.LIBRARY)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        LAYER_INDEX,
        LAYER_NAME,
        Column("layer_type", "str", "operator of the layer"),
        Column("layer_duration_us", "float", "latency of the layer in this run", "µs", "value"),
        Column("calls", "int", "library calls", role="count"),
        Column("compute_us", "float", "calls that compute", "µs", "value"),
        Column("movement_us", "float", "calls that only move data", "µs", "value"),
        Column("glue_us", "float", "the layer outside of any call", "µs", "value"),
        Column("movement_pct", "float", "movement by the latency of the model", "%", "share"),
        Column("libraries", "str", "libraries that were called"),
        Column("implementations", "str", "calls with the implementation that each took"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        run = profile.run_of(Level.LIBRARY)
        assert profile.model is not None
        whole = profile.model.latency_ns(run)
        for layer in profile.nodes(Level.LAYER):
            calls = tuple(layer.below(Level.LIBRARY))
            moving = [call for call in calls if is_movement(call)]
            duration = layer.latency_ns(run)
            busy = profile.union_ns(iter(calls), run) or 0.0
            movement = sum(call.latency_ns(run) or 0.0 for call in moving)
            yield {
                "batch_size": profile.batch_size,
                "layer_index": layer.index,
                "layer_name": layer.name,
                "layer_type": layer.type,
                "layer_duration_us": microseconds(duration),
                "calls": len(calls),
                "compute_us": microseconds(max(0.0, busy - movement)),
                "movement_us": microseconds(movement),
                "glue_us": None if duration is None else microseconds(max(0.0, duration - busy)),
                "movement_pct": percent(movement, whole),
                "libraries": ", ".join(sorted({call.tracer for call in calls})) or None,
                "implementations": "; ".join(map(implementation, calls)) or None,
            }

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_moved(table))


def implementation(call: Node) -> str:
    """A call and how the library does it: `convolution brgconv:avx512_core`."""
    chosen = call.attributes.get("impl")
    return call.name if chosen is None else f"{call.name} {chosen}"


_KEEP = "keep tensors in the layout that the library prefers"
_ADVICE = {
    "torch": f"{_KEEP}: dlscope bound analyze {{model}} -b torch --verify tries channels last"
}


def _moved(table: Table) -> Iterator[Finding]:
    """For each profile, what moving data costs, where it can be noticed."""
    groups: dict[tuple[object, ...], list[int]] = {}
    rows = list(table)
    for place, row in enumerate(rows):
        groups.setdefault(tuple(row[name] for name in _PROFILE), []).append(place)
    for (model, backend, *_), places in groups.items():
        share = sum(float(rows[place]["movement_pct"] or 0) for place in places)
        moving = [place for place in places if rows[place]["movement_us"]]
        if share < _TELLING_PCT:
            continue
        cost_us = sum(float(rows[place]["movement_us"] or 0) for place in places)
        yield Finding(
            "warn",
            f"Moving data between layouts costs {cost_us / 1e3:.3g} ms of {named(rows[places[0]])}",
            table.name,
            tuple(moving),
            f"{share:.1f} % of the model, in {len(moving)} layers",
            gain=-cost_us * 1e3,
            gain_unit="ns",
            advice=_ADVICE.get(str(backend), _KEEP).format(model=model),
        )
