"""How far from the best do searches end, where the best design is known?

`known` searches the oracle space whose optimum is specified, in every way, from ten seeds. `drawn`
searches twenty further instances, ten of the same family and five each of two harder ones, from
five seeds, with 600 evaluations and with 200. `ablation` changes one setting of the published
gradient search at a time. Each adds its runs to a file in `benchmarks/results/` as soon as they are
known and goes on after the last when it is started again; `figures` sums all up. Nothing here
depends on how fast the machine is. Settings were chosen on instances and seeds from 100 on, which
are not among these.

    python benchmarks/codesign_oracle.py known
    python benchmarks/codesign_oracle.py drawn
    python benchmarks/codesign_oracle.py ablation
    python benchmarks/codesign_oracle.py figures
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dlscope.core.table import Table
from dlscope.methods.codesign.oracle.ablation import SETTINGS, ablation
from dlscope.methods.codesign.oracle.enumeration import Enumeration
from dlscope.methods.codesign.oracle.generator import instance_named
from dlscope.methods.codesign.oracle.methods import METHODS
from dlscope.methods.codesign.oracle.study import OracleRun, families_table, study

RESULTS = Path(__file__).parent / "results"
KNOWN = ("oracle:0",)
DRAWN = (
    *(f"oracle:{seed}" for seed in range(1, 11)),
    *(f"varied:{seed}" for seed in range(1, 6)),
    *(f"pairs:{seed}" for seed in range(1, 6)),
)
ABLATED = ("oracle:0", "varied:1", "pairs:1")
COMPARED = ("search", "search_by_chance", "repair_alone", "evolution", "random")
BUDGETS = (600, 200)
SEEDS = 10
SEEDS_OF_MANY = 5


def main() -> None:
    """Run what there is no line of, or sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("known", "drawn", "ablation", "figures"))
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--seeds", type=int, help="seeds of each, instead of the usual number")
    parser.add_argument("--instances", default="", help="only these, with commas between")
    asked = parser.parse_args()
    _one_thread()
    if asked.part == "figures":
        print(json.dumps(figures(asked.output), indent=1, ensure_ascii=False))
    elif asked.part == "ablation":
        _ablation(asked)
    else:
        _searches(asked)


def figures(folder: Path) -> dict[str, Any]:
    """The tables of all that has been run, also written to `codesign-oracle-figures.json`."""
    found: dict[str, Any] = {}
    for part in ("known", "drawn"):
        lines = list(_lines(folder / f"codesign-oracle-{part}.jsonl"))
        for evaluations in sorted({line["evaluations"] for line in lines}, reverse=True):
            runs = [
                OracleRun(**line["run"]) for line in lines if line["evaluations"] == evaluations
            ]
            found[f"{part}, {evaluations} evaluations"] = _rows(families_table(runs))
    found["ablation"] = list(_lines(folder / "codesign-oracle-ablation.jsonl"))
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (folder / "codesign-oracle-figures.json").write_text(text + "\n", encoding="utf-8")
    return found


def _searches(asked: argparse.Namespace) -> None:
    is_known = asked.part == "known"
    names = asked.instances.split(",") if asked.instances else (KNOWN if is_known else DRAWN)
    methods = tuple(METHODS) if is_known else COMPARED
    seeds = asked.seeds or (SEEDS if is_known else SEEDS_OF_MANY)
    path = asked.output / f"codesign-oracle-{asked.part}.jsonl"
    done = {_key(line) for line in _lines(path)}
    for name in names:
        every = Enumeration.of(instance_named(name))
        for evaluations in BUDGETS[:1] if is_known else BUDGETS:
            for method in methods:
                left = [
                    seed
                    for seed in range(seeds)
                    if (every.instance.space.name, method, seed, evaluations) not in done
                ]
                runs = study([every], [method], left, evaluations=evaluations) if left else []
                _add(path, [{"evaluations": evaluations, "run": vars(run)} for run in runs])
                told = ", ".join(f"{run.regret:.2%}" for run in runs)
                print(f"{name:10s} {evaluations} {method:18s} {told}", flush=True)


def _ablation(asked: argparse.Namespace) -> None:
    names = asked.instances.split(",") if asked.instances else ABLATED
    path = asked.output / "codesign-oracle-ablation.jsonl"
    done = {line["setting"] for line in _lines(path)}
    every = [Enumeration.of(instance_named(name)) for name in names]
    for name, setting in SETTINGS.items():
        if name not in done:
            table = ablation(every, range(asked.seeds or SEEDS), settings={name: setting})
            _add(path, _rows(table))
            print(json.dumps(_rows(table)[0]), flush=True)


def _rows(table: Table) -> list[dict[str, Any]]:
    return [
        {
            name: round(cell, 6) if isinstance(cell, float) else cell
            for name, cell in row.items()
            if cell is not None
        }
        for row in table
    ]


def _key(line: dict[str, Any]) -> tuple[str, str, int, int]:
    run = line["run"]
    return run["instance"], run["method"], run["seed"], line["evaluations"]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _add(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def _one_thread() -> None:
    """Matrices here are small: threads would only wait for one another."""
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
