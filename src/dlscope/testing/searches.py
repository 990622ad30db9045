"""Co-design searches to show: one for a board, one for the processor at hand, and two without end.

Their numbers are made up, their tables and files are those of real ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import Record, search_table

BOARD, HERE, NOTHING, UNDER_WAY = "0b0a12d00001", "10ca1c900002", "1fea51b10003", "5ea2c1e50004"
"""Names of the searches: for a board, for this machine, one without a design, one that goes on."""

_OPERATIONS = ("mbconv_k3_e2", "mbconv_k5_e4", "separable_k3", "skip")
_SHARES = ((0.7, 0.1, 0.1, 0.1), (0.25, 0.3, 0.25, 0.2), (0.05, 0.05, 0.1, 0.8))
_CHOSEN = (0, 1, 3)
_ENTROPIES = (0.68, 0.99, 0.51)


def write_searches(store: Path) -> Path:
    """Write the searches into the folder of `store`, which is returned."""
    for record in example_searches():
        folder = store / "codesign" / record.run
        folder.mkdir(parents=True)
        (folder / "request.json").write_text("{}", encoding="utf-8")
        (folder / "record.json").write_text(json.dumps(record.to_json()), encoding="utf-8")
    going_on = store / "codesign" / UNDER_WAY
    going_on.mkdir()
    (going_on / "request.json").write_text("{}", encoding="utf-8")
    return store


def example_searches() -> tuple[SearchRecord, ...]:
    """The records of the three that have ended."""
    told = {
        "trajectory": _trajectory,
        "choices": _choices,
        "precisions": _precisions,
        "pareto": _pareto,
    }
    common = {name: search_table(name, rows()) for name, rows in told.items()}
    board = {
        **common,
        "stages": search_table("stages", _stages()),
        "resources": search_table("resources", _resources()),
        "predicted": search_table("predicted", _predicted()),
        "baselines": search_table("baselines", _baselines()),
    }
    return (
        SearchRecord(
            "digits on zc706:pipelined",
            "digits",
            "zc706:pipelined",
            0,
            objective="throughput",
            design="d-0000",
            epochs=12,
            clock_mhz=200.0,
            input=(1, 28, 28),
            created_utc="2026-01-02T10:00:00+00:00",
            run=BOARD,
            facts=(("Data set", "digits 1.0.0"),),
            tables=board,
        ),
        SearchRecord(
            "digits on local:cpu",
            "digits",
            "local:cpu",
            1,
            status="budget_limited",
            design="d-0000",
            epochs=12,
            input=(1, 28, 28),
            created_utc="2026-01-03T10:00:00+00:00",
            run=HERE,
            warnings=("budget_limited: the budget allows 25 steps of each of two epochs",),
            tables={**common, "pareto": search_table("pareto", _pareto(slower_by=1.4))},
        ),
        SearchRecord(
            "digits on local:cpu",
            "digits",
            "local:cpu",
            2,
            status="infeasible",
            created_utc="2026-01-01T10:00:00+00:00",
            run=NOTHING,
            facts=(("Target", "1e-06 ms"), ("Smallest reachable", "0.02 ms")),
        ),
    )


def _pareto(slower_by: float = 1.0) -> Iterator[Record]:
    for place in range(6):
        error = 0.06 + 0.08 / (place + 1)
        yield {
            "design": f"d-{place:04d}",
            "method": "search",
            "interval_ns": slower_by * (20_000.0 + 9_000.0 * place),
            "latency_ns": slower_by * (20_000.0 + 9_000.0 * place),
            "error": error,
            "error_lo": error - 0.02,
            "error_hi": error + 0.02,
            "loss": 3 * error,
            "is_trained": True,
            "is_on_front": True,
            "is_chosen": place == 0,
        }
    for place in range(30):
        yield {
            "design": f"u-{place:04d}",
            "method": "search",
            "interval_ns": slower_by * (21_000.0 + 2_500.0 * place),
            "loss": 0.9 + 0.02 * (place * 7 % 11),
            "is_trained": False,
            "is_on_front": False,
            "is_chosen": False,
        }


def _trajectory() -> Iterator[Record]:
    for epoch in range(1, 13):
        expected_ns = 60_000.0 * 0.9**epoch + 20_000.0
        yield {
            "epoch": epoch,
            "elapsed_ns": 2e9 * epoch,
            "temperature": 5.0 * 0.8**epoch,
            "loss": 2.3 * 0.93**epoch,
            "accuracy": 1 - 0.9 * 0.93**epoch,
            "expected_ns": expected_ns,
            "discrete_ns": expected_ns * (1 + 0.3 * 0.7**epoch),
            "gap": 0.3 * 0.7**epoch,
        }


def _choices() -> Iterator[Record]:
    for block, (shares, chosen) in enumerate(zip(_SHARES, _CHOSEN, strict=True)):
        for m, share in enumerate(shares):
            yield {
                "block": block + 1,
                "operation": _OPERATIONS[m],
                "probability": share,
                "is_chosen": m == chosen,
                "entropy": _ENTROPIES[block],
            }


def _precisions() -> Iterator[Record]:
    for block, chosen in enumerate(_CHOSEN):
        for m, operation in enumerate(_OPERATIONS):
            for share, bits in ((0.65, "4 bit"), (0.35, "8 bit")):
                yield {
                    "block": block + 1,
                    "operation": operation,
                    "precision": bits,
                    "probability": share,
                    "is_chosen": m == chosen and bits == "4 bit",
                }


def _stages() -> Iterator[Record]:
    for stage, (name, cycles) in enumerate((("stem", 900), ("block0", 1600), ("head", 700))):
        yield {
            "stage": stage + 1,
            "block": name,
            "operation": "mbconv_k3_e2" if name == "block0" else "conv",
            "layer": f"{name} 3×3",
            "weight_bits": 8,
            "activation_bits": 8,
            "lanes": 16,
            "dsp": 8,
            "latency_ns": 5.0 * cycles,
            "cycles": cycles,
            "busy_share": cycles / 1600,
            "is_bottleneck": name == "block0",
        }


def _resources() -> Iterator[Record]:
    for name, used, available in (("bram", 120, 545), ("dsp", 806, 810)):
        yield {"resource": name, "used": used, "available": available, "share": used / available}


def _predicted() -> Iterator[Record]:
    for place in range(6):
        predicted_ns = 20_000.0 + 9_000.0 * place
        measured_ns = predicted_ns * (1.04 if place % 2 else 0.98)
        yield {
            "design": f"d-{place:04d}",
            "predicted_ns": predicted_ns,
            "measured_ns": measured_ns,
            "measured_lo_ns": 0.98 * measured_ns,
            "measured_hi_ns": 1.02 * measured_ns,
            "error": predicted_ns / measured_ns - 1,
        }


def _baselines() -> Iterator[Record]:
    for method, volume in (("search", 0.7), ("two_step", 0.6), ("random", 0.55)):
        found: dict[str, str | int | float] = {
            "method": method,
            "seeds": 5,
            "hypervolume": volume,
            "hypervolume_lo": volume - 0.02,
            "hypervolume_hi": volume + 0.02,
            "cost": 1305,
        }
        if method != "search":
            found |= {"difference": 0.7 - volume, "difference_lo": 0.05, "difference_hi": 0.2}
            found["p_value"] = 0.0625
        yield found
