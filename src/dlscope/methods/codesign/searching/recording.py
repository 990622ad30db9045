"""The tables that a search leaves behind, of what it went through and of what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dlscope.core.table import Cell, Table
from dlscope.core.units import format_percent
from dlscope.devices.base import Floats
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.design_file import identity_of
from dlscope.methods.codesign.searching.finalists import Finalist
from dlscope.methods.codesign.searching.front import front
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.tables import SEARCH_TABLES, search_table
from dlscope.methods.codesign.telling.implementation_tables import weight_bytes
from dlscope.reporting.words import plural

_GAP, _SOFT, _OPEN = 0.1, 1.0, 0.1
_STILL_OPEN = (
    "choices were still open. The chosen design was compared with others by its exact time; a "
    "longer search (--budget or --epochs) makes up its mind before it ends"
)
_ROUNDED = (
    "rounding lanes to powers of two takes more than the expectation knows. The chosen design was "
    "compared with others by its exact time, so nothing needs to be done"
)
_MOST_UNTRAINED = 200


def trajectory_table(history: Sequence[Mapping[str, float]], elapsed_ns: Sequence[float]) -> Table:
    """One row for each epoch; what an epoch did not tell is absent."""
    columns = {column.name for column in SEARCH_TABLES["trajectory"]}
    return search_table(
        "trajectory",
        (
            {
                **{name: value for name, value in figures.items() if name in columns},
                "epoch": number,
                "elapsed_ns": taken,
            }
            for number, (figures, taken) in enumerate(
                zip(history, elapsed_ns, strict=True), start=1
            )
        ),
    )


def gap_warning(history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """`relaxation_gap`, where samples are nearly hard and expectation and design still differ.

    It says why, as far as the entropies of the last such epoch tell, and what can be done.
    """
    wide = [
        (number, figures)
        for number, figures in enumerate(history, start=1)
        if figures.get("gap", 0.0) > _GAP and figures["temperature"] < _SOFT
    ]
    if not wide:
        return ()
    number, last = wide[-1]
    entropy = max(last.get(name, 0.0) for name in ("operation_entropy", "precision_entropy"))
    return (
        f"relaxation_gap: in epoch {number} the expected time was {format_percent(last['gap'])} "
        f"from that of the likeliest design, and more than {format_percent(_GAP)} from it in "
        f"{plural(len(wide), 'epoch')}: {_STILL_OPEN if entropy > _OPEN else _ROUNDED}",
    )


def choices_table(space: Space, shares_nm: Floats, design: Design | None) -> Table:
    """Probabilities [N, M] of every operation of every block."""
    return search_table("choices", _operation_rows(space, shares_nm, design))


def precisions_table(space: Space, shares_nmq: Floats, design: Design | None) -> Table:
    """Probabilities [N, M, Q] of every precision of every operation of every block."""
    return search_table("precisions", _precision_rows(space, shares_nmq, design))


def pareto_table(
    judged: Sequence[Judged],
    finalists: Sequence[Finalist],
    chosen: str | None,
    *,
    costs_of: Callable[[Design], Mapping[str, Cell]],
    final: Finalist | None = None,
    method: str = "search",
) -> Table:
    """The finalists as they were trained, and beside them what was looked at, the best first.

    `costs_of` tells further columns of a design. `final` stands in for the chosen one, which was
    trained longer.
    """
    trained = [final if final and each.identity == final.identity else each for each in finalists]
    on_front = {
        trained[place].identity
        for place in front([(1 - each.test.accuracy, each.cost) for each in trained])
    }
    rows = [
        {**costs_of(each.design), **_trained_row(each, method, each.identity in on_front, chosen)}
        for each in trained
    ]
    known = {each.design for each in finalists}
    others = [each for each in judged if each.design not in known][:_MOST_UNTRAINED]
    untrained = [{**costs_of(each.design), **_untrained_row(each, method)} for each in others]
    return search_table("pareto", [*rows, *untrained])


def costs_in(implementer: Implementer) -> Callable[[Design], Mapping[str, Cell]]:
    """Tells the latency, the energy and the bytes of weights of a design."""

    def costs_of(design: Design) -> Mapping[str, Cell]:
        found = implementer.implement(design)
        return {
            "latency_ns": found.latency_ns,
            "energy_j": found.energy_j,
            "weight_bytes": weight_bytes(implementer.space, found),
        }

    return costs_of


def _trained_row(
    finalist: Finalist, method: str, is_on_front: bool, chosen: str | None
) -> dict[str, Cell]:
    lo, hi = finalist.error_interval
    return {
        "design": finalist.identity,
        "method": method,
        "interval_ns": finalist.time_ns,
        "error": 1 - finalist.test.accuracy,
        "error_lo": lo,
        "error_hi": hi,
        "loss": finalist.chosen_by.loss,
        "is_trained": True,
        "is_on_front": is_on_front,
        "is_chosen": finalist.identity == chosen,
    }


def _untrained_row(judged: Judged, method: str) -> dict[str, Cell]:
    return {
        "design": identity_of(judged.design),
        "method": method,
        "interval_ns": judged.time_ns,
        "loss": judged.loss,
        "is_trained": False,
        "is_on_front": False,
        "is_chosen": False,
    }


def _operation_rows(
    space: Space, shares_nm: Floats, design: Design | None
) -> Iterator[dict[str, Cell]]:
    for i, block in enumerate(space.blocks):
        shares = shares_nm[i, : len(block.operations)]
        spread = entropy(shares)
        for m, operation in enumerate(block.operations):
            yield {
                "block": i + 1,
                "operation": operation.name,
                "probability": float(shares[m]),
                "is_chosen": design is not None and design.operations[i] == m,
                "entropy": spread,
            }


def _precision_rows(
    space: Space, shares_nmq: Floats, design: Design | None
) -> Iterator[dict[str, Cell]]:
    for i, block in enumerate(space.blocks):
        for m, operation in enumerate(block.operations):
            shares = shares_nmq[i, m]
            for q, precision in enumerate(space.precisions):
                has_both = design is not None and (m, q) == (
                    design.operations[i],
                    design.precisions[i],
                )
                yield {
                    "block": i + 1,
                    "operation": operation.name,
                    "precision": str(precision),
                    "probability": float(shares[q]),
                    "is_chosen": has_both,
                }


def entropy(shares: Any) -> float:
    """Entropy of `shares` as a share of the most there could be; 0 of a single one.

    >>> entropy([0.5, 0.5]), entropy([1.0, 0.0]), entropy([1.0])
    (1.0, 0.0, 0.0)
    """
    each = np.asarray(shares, dtype=np.float64)
    if each.size == 1:
        return 0.0
    positive = each[each > 0]
    return float(-(positive * np.log(positive)).sum() / math.log(each.size)) + 0.0
