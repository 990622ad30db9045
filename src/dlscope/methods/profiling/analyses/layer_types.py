"""A5, A6 and A7: layers of one type taken together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, final

from dlscope.core.report import Finding
from dlscope.core.table import Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import BATCH, ProfileAnalysis, Record, named
from dlscope.methods.profiling.analyses.columns import TYPE
from dlscope.methods.profiling.analyses.layers import allocated_bytes
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

_LAYERS = (Level.MODEL, Level.LAYER)
_DOMINANT_PCT = 50.0


def _share(of: str) -> Column:
    return Column("percent", "float", f"share of the sum over {of}", "%", "share")


def _by_type(
    profile: Profile, value: Callable[[Node], float | None], name: str, unit: float = 1.0
) -> Iterator[Record]:
    """One record for each type, the largest first; types of which nothing is known are left out."""
    sums: dict[str, float] = defaultdict(float)
    for layer in profile.nodes(Level.LAYER):
        found = value(layer)
        if found is not None:
            sums[layer.type] += found
    whole = sum(sums.values())
    for kind, part in sorted(sums.items(), key=lambda each: (-each[1], each[0])):
        yield {
            "batch_size": profile.batch_size,
            "type": kind,
            name: part * unit if unit != 1.0 else int(part),
            "percent": 100 * part / whole if whole else None,
        }


@final
class LayerTypes(ProfileAnalysis):
    """A5: how many layers of each type."""

    name: ClassVar[str] = "a5"
    doc: ClassVar[str] = "Which types of layer occur, how often?"
    title: ClassVar[str] = "Layers by type"
    formula: ClassVar[str] = "percent = 100 · count / Σ count"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        TYPE,
        Column("count", "int", "layers of this type", role="count"),
        _share("layers"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterator[Record]:
        del profiles
        return _by_type(profile, lambda _: 1, "count")


@final
class LatencyByType(ProfileAnalysis):
    """A6: latency by type of layer."""

    name: ClassVar[str] = "a6"
    doc: ClassVar[str] = "Which types of layer take the time?"
    title: ClassVar[str] = "Latency by layer type"
    formula: ClassVar[str] = "percent of the sum over layers, not of the model's latency"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        TYPE,
        Column("duration_us", "float", "sum over the layers of this type", "µs", "value"),
        _share("layer latencies"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterator[Record]:
        del profiles
        return _by_type(profile, profile.latency_ns, "duration_us", 1e-3)

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                "note",
                f"{row['percent']:.0f} % of the layers' time in {named(row)}, is {row['type']}",
                table.name,
                (place,),
            )
            for place, row in enumerate(table)
            if row["percent"] is not None and float(row["percent"]) >= _DOMINANT_PCT
        )


@final
class MemoryByType(ProfileAnalysis):
    """A7: memory by type of layer."""

    name: ClassVar[str] = "a7"
    doc: ClassVar[str] = "Which types of layer take the memory?"
    title: ClassVar[str] = "Memory by layer type"
    formula: ClassVar[str] = "percent of the sum over layers"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        TYPE,
        Column("allocated_bytes", "int", "sum over the layers of this type", "bytes", "value"),
        _share("layers"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterator[Record]:
        del profiles
        return _by_type(profile, allocated_bytes, "allocated_bytes")
