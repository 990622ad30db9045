"""A22: what one inference costs in energy, where a counter tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, final

from dlscope.core.run import Energy
from dlscope.core.table import Column
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import BATCH, ProfileAnalysis, Record
from dlscope.methods.profiling.profile import Profile

_UNREAD = Energy(reason="no energy counter was read while it was profiled")


@final
class EnergyPerInference(ProfileAnalysis):
    """A22: one row for each profile; without a counter it says why, and nothing is estimated."""

    name: ClassVar[str] = "a22"
    doc: ClassVar[str] = "How much energy does one inference take?"
    title: ClassVar[str] = "Energy per inference"
    formula: ClassVar[str] = (
        "(counted − idle power · duration) / inputs, while the model alone runs again and again"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL,)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column("source", "str", "counter that was read"),
        Column("energy_j", "float", "energy of those runs above idle", "J", "value"),
        Column("idle_w", "float", "power drawn before", "W", "value", 2),
        Column("per_inference_j", "float", "energy of one input above idle", "J", "value"),
        Column("inferences_per_j", "float", "inputs for one joule", "1/J", "value", 2),
        Column("reason", "str", "why no energy can be told"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        energy = profile.run.energy or _UNREAD
        each = energy.per_inference_j
        yield {
            "batch_size": profile.batch_size,
            "source": energy.source,
            "energy_j": energy.joules,
            "idle_w": energy.idle_w,
            "per_inference_j": each,
            "inferences_per_j": None if not each or each < 0 else 1 / each,
            "reason": energy.reason or None,
        }
