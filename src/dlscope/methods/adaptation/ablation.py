"""`Ablation`: rows of recipes × seeds, from the same warm starts, and what they differ by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.adaptation.asked import require_same
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.evaluating import evaluated
from dlscope.methods.adaptation.paired import difference
from dlscope.methods.adaptation.recipes import RECIPES, WARM_START, in_order
from dlscope.methods.adaptation.training import Training

Result = dict[str, Any]
_RESULTS = "results.jsonl"
_ADDS_TO = {
    "adv_stuff": "adv",
    "adv_inst": "adv",
    "adv_stuff_inst": "adv",
    "sim_guarded": "adv_stuff_inst",
    "online_inst": "online",
}

ABLATION = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("seed", "int", "seed of the warm start and of the row", role="id"),
    Column("miou_target", "float", "mean IoU of the target, 19 classes", "%", role="value"),
    Column("miou_stuff", "float", "mean over classes of stuff", "%", role="value"),
    Column("miou_things", "float", "mean over things", "%", role="value"),
    Column("miou_source", "float", "mean IoU of the source, 19 classes", "%", role="value"),
    Column("cpu_s", "float", "processor time of the stage", "s", role="value"),
    Column("wall_s", "float", "time that passed", "s", role="value", priority=3),
    Column("miou_16", "float", "mean over the 16 classes of SYNTHIA", "%", priority=3),
    Column("miou_13", "float", "mean over 13 classes of SYNTHIA", "%", priority=3),
    Column("kept", "float", "share of pixels with labels of their own", role="share", priority=3),
)
PAIRED = (
    Column("row", "str", "which terms were trained with", role="id"),
    Column("against", "str", "the row that it is compared with", role="id"),
    Column(
        "difference",
        "float",
        "mean IoU of the target more than there",
        "points",
        role="value",
        lo="lo",
        hi="hi",
    ),
    Column("lo", "float", "lower end of the 95 % interval", "points", role="interval"),
    Column("hi", "float", "upper end of the 95 % interval", "points", role="interval"),
    Column("seeds", "int", "seeds that both rows have", role="count"),
    Column("gap_closed", "float", "share of the way from source to oracle", role="share"),
    Column("verdict", "str", "whether the interval excludes 0", role="verdict"),
)


@final
class Ablation:
    """What is finished in `folder` is not trained again; what was asked there must be the same."""

    def __init__(self, folder: Path, domains: Domains, *, threads: int = 1) -> None:
        self._folder, self._domains, self._threads = folder, domains, threads
        require_same(folder, asdict(domains))

    def run(
        self,
        rows: Sequence[str],
        seeds: Sequence[int],
        *,
        told: Callable[[str, float], None] = lambda _step, _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Result]:
        """The results of all `rows`, and of those that they start from, seed after seed."""
        wanted = [(seed, row) for seed in seeds for row in (WARM_START, *in_order(rows))]
        results = {(each["seed"], each["row"]): each for each in self.results()}
        for done, (seed, row) in enumerate(wanted):
            if (seed, row) in results:
                continue

            def tell(step: str, share: float, done: int = done, seed: int = seed) -> None:
                told(f"seed {seed}, {step}", (done + share) / len(wanted))

            training = Training(
                self._folder,
                self._domains,
                seed,
                threads=self._threads,
                told=tell,
                should_stop=should_stop,
            )
            results[seed, row] = self._judged(row, seed, training)
            self._append(results[seed, row])
        return [results[each] for each in wanted]

    def results(self) -> list[Result]:
        """What is finished, in the order in which it was."""
        path = self._folder / _RESULTS
        lines = path.read_text().splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _judged(self, row: str, seed: int, training: Training) -> Result:
        trained = training.row(row)
        split = self._domains.options.rules.split
        target = evaluated(trained.network, self._domains.target_judges, split)
        source = evaluated(trained.network, self._domains.source_judges, split)
        return {
            "row": row,
            "seed": seed,
            "miou_target": target.miou,
            "miou_stuff": target.stuff,
            "miou_things": target.things,
            "miou_source": source.miou,
            "cpu_s": trained.cpu_s,
            "wall_s": trained.wall_s,
            "miou_16": target.miou_16,
            "miou_13": target.miou_13,
            "kept": trained.kept,
            "iou": list(target.matrix.scores().iou),
            "warnings": list(trained.warnings),
        }

    def _append(self, result: Result) -> None:
        with (self._folder / _RESULTS).open("a") as file:
            file.write(json.dumps(result) + "\n")


def ablation_table(results: Iterable[Result]) -> Table:
    """A row for each recipe and seed."""
    names = [column.name for column in ABLATION]
    return Table.of("ablation", ABLATION, [{name: r[name] for name in names} for r in results])


def paired_table(results: Sequence[Result]) -> Table:
    """Each row against the source alone, and against the row that it adds something to."""
    by_row: dict[str, dict[int, float]] = {}
    for each in results:
        by_row.setdefault(each["row"], {})[each["seed"]] = each["miou_target"]
    return Table.of("paired", PAIRED, _paired(by_row))


def _paired(by_row: Mapping[str, Mapping[int, float]]) -> Iterable[Mapping[str, Cell]]:
    for row, values in by_row.items():
        for against in _compared_with(row):
            found = difference(values, by_row.get(against, {}))
            if found is not None:
                yield {
                    "row": row,
                    "against": against,
                    "difference": found.mean,
                    "lo": found.lo,
                    "hi": found.hi,
                    "seeds": found.seeds,
                    "gap_closed": _gap_closed(values, by_row) if against == "source" else None,
                    "verdict": found.verdict,
                }


def _compared_with(row: str) -> tuple[str, ...]:
    """The source, statistics or as many steps alone, and what the row adds to."""
    if row in (WARM_START, "source"):
        return ()
    before = _ADDS_TO.get(row, RECIPES[row].start)
    baselines = ("adabn", "source_long") if RECIPES[row].kind == "online" else ("adabn",)
    others = [each for each in (*baselines, before) if each not in (row, "source", WARM_START)]
    return ("source", *others)


def _gap_closed(
    values: Mapping[int, float], by_row: Mapping[str, Mapping[int, float]]
) -> float | None:
    """(row − source) / (oracle − source), of means over the seeds that all three have."""
    source, oracle = by_row.get("source", {}), by_row.get("oracle", {})
    seeds = values.keys() & source.keys() & oracle.keys()
    if not seeds:
        return None
    row, low, high = (float(np.mean([each[s] for s in seeds])) for each in (values, source, oracle))
    return (row - low) / (high - low) if high > low else None
