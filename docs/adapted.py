"""What cog writes into the pages of adaptation: what `benchmarks/adaptation.py` found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any

from measured import RESULTS

_SIM = {"adv_stuff_inst": "`adv_stuff_inst`, SIM", "sim_st": "`sim_st`, the whole paper"}


def rows(name: str) -> str:
    """Each row over its seeds: scores with their deviation, and processor time."""
    by_row: dict[str, list[dict[str, Any]]] = {}
    lines = (RESULTS / f"adaptation-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    for each in map(json.loads, lines):
        by_row.setdefault(each["row"], []).append(each)
    head = (
        "| row | target | stuff | things | source | processor time, s |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    ordered = sorted(by_row, key=lambda row: mean(each["miou_target"] for each in by_row[row]))
    return "\n".join((*head, *(_row(row, by_row[row]) for row in ordered)))


def differences(*names: str) -> str:
    """Each difference that was compared seed by seed, over all of the files."""
    head = (
        "| difference on the target, points | mean | 95 % interval | seeds | |",
        "| --- | --- | --- | --- | --- |",
    )
    return "\n".join((*head, *(line for name in names for line in _differences(name))))


def machine(name: str) -> str:
    """What it ran on."""
    found = json.loads((RESULTS / f"adaptation-{name}.json").read_text(encoding="utf-8"))["machine"]
    cpu = found["system"].get("cpu", {})
    return f"{cpu.get('model')}; environment `{found['fingerprint'][:12]}`"


def _row(row: str, results: list[dict[str, Any]]) -> str:
    target = [each["miou_target"] for each in results]
    others = [
        f"{mean(each[name] for each in results):.1f}"
        for name in ("miou_stuff", "miou_things", "miou_source")
    ]
    spent = f"{mean(each['cpu_s'] for each in results):.0f}"
    told = _SIM.get(row, f"`{row}`")
    return f"| {told} | {mean(target):.1f} ± {stdev(target):.1f} | {' | '.join(others)} | {spent} |"


def _differences(name: str) -> Iterator[str]:
    found = json.loads((RESULTS / f"adaptation-{name}.json").read_text(encoding="utf-8"))
    for each in found["paired"]:
        closed = each["gap_closed"] if each["verdict"] == "shown" else None
        share = f", {100 * closed:.0f} % of the way to the oracle" if closed and closed < 1 else ""
        points, lo, hi = (
            f"{each[name]:.1f}".replace("-", "−") for name in ("difference", "lo", "hi")
        )
        yield (
            f"| `{each['row']}` over `{each['against']}` | {points} | {lo} to {hi} | "
            f"{each['seeds']} | {each['verdict']}{share} |"
        )
