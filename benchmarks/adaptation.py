"""What each part of the adaptation adds, on drawn scenes that nothing was chosen on.

Draws the pair of domains of seed 0 (500 source, 400 target and 100 validation images, 192x96), and
trains the rows from the warm starts of the seeds; started again it goes on after the last one.
`benchmarks/results/adaptation-ablation.jsonl` has each row and seed, processor time beside the time
that passed, `adaptation-figures.json` sums them up, with the machine; with `--name` both are named
after it. Rows are compared within a file: on another processor the last bits differ, and so does a
warm start. Settings were chosen on the scenes of seed 1077, whose images are not among these.

    python benchmarks/adaptation.py [--work FOLDER] [--rows source,adv,…] [--seeds 0,1,2]
    python benchmarks/adaptation.py --name self-training --rows source,adv,self_train,sim_st,oracle
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dlscope import api
from dlscope.core.report import Report
from dlscope.core.table import Table
from dlscope.stacks.fingerprint import environment

RESULTS = Path(__file__).parent / "results"
ROWS = "source,source_long,adv,adv_stuff_inst,self_train,sim_guarded,sim_st,online,oracle"
TABLES = ("paired", "gain_by_class")


def main() -> None:
    """Train what there is no result of, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("adaptation-benchmark"))
    parser.add_argument("--rows", default=ROWS, help="rows, with commas between")
    parser.add_argument("--seeds", default="0,1,2", help="seeds, with commas between")
    parser.add_argument("--preset", default="ci", help="smoke or ci")
    parser.add_argument("--name", default="", help="of the files, where they are not all rows")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    asked = parser.parse_args()
    scenes = asked.work / "scenes"
    if not (scenes / "scenes.json").is_file():  # written when all scenes are
        api.make_scenes(scenes, source=500, target=400, val=100, seed=0, told=_told)
    report = api.ablate_adaptation(
        scenes,
        asked.work / "ablation",
        preset=asked.preset,
        rows=asked.rows.split(","),
        seeds=[int(seed) for seed in asked.seeds.split(",")],
        threads=1,
        told=_told,
    )
    report.write(str(asked.work / "adaptation.html"))
    print(json.dumps(write(report, asked.output, asked.name), indent=1, ensure_ascii=False))


def write(report: Report, folder: Path, name: str = "") -> dict[str, Any]:
    """The figures of a report, also written to files in `folder`."""
    lines = [json.dumps(row) for row in rows(report.table("ablation"))]
    path = folder / f"adaptation-{name or 'ablation'}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    measured = environment()
    found: dict[str, Any] = {
        "answer": report.answer,
        "warnings": list(report.warnings),
        **{name: rows(report.table(name)) for name in TABLES},
        "machine": {"fingerprint": measured.fingerprint, "system": measured.system},
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    path = folder / f"adaptation-{name or 'figures'}.json"
    path.write_text(text + "\n", encoding="utf-8")
    return found


def rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a table, numbers to four places."""
    return [
        {name: round(cell, 4) if isinstance(cell, float) else cell for name, cell in row.items()}
        for row in table
    ]


def _told(step: str, share: float) -> None:
    sys.stderr.write(f"\r{share:4.0%} {step:110.110}")


if __name__ == "__main__":
    main()
