"""A18: layers for which the library takes another way at another batch size or thread count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, final

from dlscope.core.report import Finding
from dlscope.core.table import Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import ProfileAnalysis, Record, microseconds
from dlscope.methods.profiling.analyses.columns import LAYER_INDEX, LAYER_NAME
from dlscope.methods.profiling.analyses.library import implementation
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile
from dlscope.reporting.words import plural


@final
class ImplementationSwitches(ProfileAnalysis):
    """A18: one row for each layer that changed between two profiles of one model."""

    name: ClassVar[str] = "a18"
    doc: ClassVar[str] = "Where does the library choose otherwise at another batch or thread count?"
    title: ClassVar[str] = "Changes of implementation"
    formula: ClassVar[str] = "library calls of a layer against those of the profile before"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER, Level.LIBRARY)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("from", "str", "batch and threads before"),
        Column("to", "str", "batch and threads after"),
        LAYER_INDEX,
        LAYER_NAME,
        Column("before", "str", "its library calls before"),
        Column("after", "str", "its library calls after"),
        Column("before_us", "float", "latency per input before", "µs", "value"),
        Column("after_us", "float", "latency per input after", "µs", "value"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        before = _before(profile, profiles)
        if before is None:
            return
        theirs = {layer.name: layer for layer in before.nodes(Level.LAYER)}
        for layer in profile.nodes(Level.LAYER):
            other = theirs.get(layer.name)
            if other is None or _calls(other) == _calls(layer):
                continue
            yield {
                "from": setting(before),
                "to": setting(profile),
                "layer_index": layer.index,
                "layer_name": layer.name,
                "before": _calls(other),
                "after": _calls(layer),
                "before_us": _per_input(before, other),
                "after_us": _per_input(profile, layer),
            }

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_told(table))


def _before(profile: Profile, profiles: Sequence[Profile]) -> Profile | None:
    """The profile before in the order of threads and batch, of the same model and framework."""
    plan = profile.run.plan
    same = [
        each
        for each in profiles
        if each.run.plan.model.name == plan.model.name
        and each.run.plan.framework.name == plan.framework.name
        and Level.LIBRARY in each.levels
    ]
    same.sort(key=lambda each: (each.threads, each.batch_size))
    place = same.index(profile)
    return same[place - 1] if place else None


def setting(profile: Profile) -> str:
    """What A18 calls a profile: its batch and threads."""
    return f"batch {profile.batch_size}, {plural(profile.threads, 'thread')}"


def _calls(layer: Node) -> str:
    return "; ".join(implementation(call) for call in layer.below(Level.LIBRARY)) or "none"


def _per_input(profile: Profile, layer: Node) -> float | None:
    latency = profile.latency_ns(layer)
    return None if latency is None else microseconds(latency / profile.batch_size)


def _told(table: Table) -> Iterator[Finding]:
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, row in enumerate(table):
        groups.setdefault((row["model"], row["backend"], row["from"], row["to"]), []).append(place)
    for (model, backend, before, after), places in groups.items():
        yield Finding(
            "note",
            f"From {before} to {after}, {plural(len(places), 'layer')} of {model} on {backend}"
            f" {'is' if len(places) == 1 else 'are'} computed otherwise",
            table.name,
            tuple(places),
        )
