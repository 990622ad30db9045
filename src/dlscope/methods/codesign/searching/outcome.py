"""`Outcome`: all that a search found; `Infeasible`, that nothing meets what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

from dlscope.devices.base import Floats
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.folded_network import FoldedNetwork
from dlscope.methods.codesign.implementing.implementer import ImplementedDesign
from dlscope.methods.codesign.searching.bilevel import BilevelSearch
from dlscope.methods.codesign.searching.finalists import Finalist
from dlscope.methods.codesign.searching.recording import gap_warning
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.space.design import Design

Figures = Mapping[str, float]


@final
@dataclass(frozen=True, eq=False)
class SupernetOutcome:
    """A trained supernet, the probabilities of its choices, and how it got there.

    `starts` are designs to begin with: the likeliest one, and some that are drawn.
    """

    module: Any
    device: Any
    starts: tuple[Design, ...]
    operations_nm: Floats
    precisions_nmq: Floats
    history: tuple[Figures, ...]
    elapsed_ns: tuple[int, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, bilevel: BilevelSearch, history: Sequence[Figures]) -> Self:
        """What a search holds after its last epoch."""
        operations, precisions = bilevel.architecture.probabilities()
        return cls(
            module=bilevel.supernet,
            device=bilevel.fabric.device,
            starts=tuple(bilevel.starts()),
            operations_nm=operations.numpy(),
            precisions_nmq=precisions.numpy(),
            history=tuple(history),
            elapsed_ns=bilevel.clock.elapsed_ns,
            warnings=gap_warning(history),
        )


@final
@dataclass(frozen=True, eq=False)
class Infeasible:
    """Nothing meets the target: `least_ns` is the least time that there is, of `quickest`."""

    request: SearchRequest
    quickest: Design
    least_ns: float


@final
@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished search: the chosen design as implemented and trained, and all around it.

    `final` is the chosen finalist with the test score of its last training.
    """

    request: SearchRequest
    implemented: ImplementedDesign
    schedule: SearchSchedule
    is_limited: bool
    history: tuple[Figures, ...]
    elapsed_ns: tuple[int, ...]
    operations_nm: Floats
    precisions_nmq: Floats
    judged: tuple[Judged, ...]
    finalists: tuple[Finalist, ...]
    final: Finalist
    network: FoldedNetwork
    warnings: tuple[str, ...] = ()
