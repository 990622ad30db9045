"""What cog writes into `performance.md`: what the scripts in `benchmarks/` printed, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"


def performance() -> str:
    """Each question with what its script printed."""
    return "\n".join(_sections())


def bounds() -> str:
    """Measured ÷ bound over all models that were bounded."""
    found = json.loads((RESULTS / "bounds-figures.json").read_text(encoding="utf-8"))
    ratios = {name: each for name, each in found["ratios"].items() if each["n"]}
    rows = [
        f"| {name} | {each['n']} | {each['least']:.3f} | {each['median']:.3f} | "
        f"{each['most']:.3f} | {each.get('geomean', 0):.3f} |"
        for name, each in ratios.items()
    ]
    below = ", ".join(found["below 0.95"]) or "none"
    head = (
        "| ratio | models | least | median | most | geometric mean |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    return "\n".join((*head, *rows, "", f"Faster than 0.95 of the bound: {below}."))


def _sections() -> Iterator[str]:
    for row in _kept().values():
        others = row["others_share"]
        beside = "" if others is None else f", others took {100 * others:.0f} % of a core meanwhile"
        yield f"### {row['question']}\n"
        on = f"{row['machine']}, environment `{row['fingerprint'][:12]}`"
        yield f"`{row['command']}` ({row['wall_s']:g} s, CPU {row['cpu_s']:g} s{beside}; {on})\n"
        yield f"```text\n{row['output']}\n```\n"


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((RESULTS / "performance.json").read_text(encoding="utf-8"))
    return kept
