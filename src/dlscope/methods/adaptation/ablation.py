"""`Ablation`: rows of recipes × seeds, from the same warm starts, trained and judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, final

from dlscope.methods.adaptation.ablation_tables import Result
from dlscope.methods.adaptation.asked import require_same
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.evaluating import evaluated
from dlscope.methods.adaptation.recipes import WARM_START, in_order, is_selectable
from dlscope.methods.adaptation.selecting import Selection
from dlscope.methods.adaptation.training import Training

_RESULTS = "results.jsonl"


@final
class Ablation:
    """What is finished in `folder` is not trained again; what was asked there must be the same.

    With `select` other than `last` each row but the warm start has a second result, of the weights
    that were selected by that.
    """

    def __init__(
        self,
        folder: Path,
        domains: Domains,
        *,
        threads: int = 1,
        device: Any = "cpu",
        select: Selection = "last",
    ) -> None:
        self._folder, self._domains = folder, domains
        self._threads, self._device, self._select = threads, device, select
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
        results = {(each["seed"], each["row"], each["weights"]): each for each in self.results()}
        for done, (seed, row) in enumerate(wanted):
            lacking = [each for each in self._weights(row) if (seed, row, each) not in results]
            if not lacking:
                continue
            if should_stop():
                raise KeyboardInterrupt(f"stopped before {row} of seed {seed}")

            def tell(step: str, share: float, done: int = done, seed: int = seed) -> None:
                told(f"seed {seed}, {step}", (done + share) / len(wanted))

            training = Training(
                self._folder,
                self._domains,
                seed,
                threads=self._threads,
                device=self._device,
                select=self._select,
                told=tell,
                should_stop=should_stop,
            )
            for weights in lacking:
                results[seed, row, weights] = self._judged(row, seed, weights, training)
                self._append(results[seed, row, weights])
        return [results[*each, weights] for each in wanted for weights in self._weights(each[1])]

    def _weights(self, row: str) -> tuple[Selection, ...]:
        """Which weights of a row are judged."""
        is_selected = self._select != "last" and is_selectable(row)
        return ("last", self._select) if is_selected else ("last",)

    def results(self) -> list[Result]:
        """What is finished, in the order in which it was."""
        path = self._folder / _RESULTS
        lines = path.read_text().splitlines() if path.is_file() else []
        whole = [json.loads(line) for line in lines if line.endswith("}")]
        # What older files do not say was the only way then.
        return [{"weights": "last", "device": "cpu", **each} for each in whole]

    def _judged(self, row: str, seed: int, weights: Selection, training: Training) -> Result:
        trained, options = training.row(row), self._domains.options
        network = trained.network if weights == "last" else training.selected(row)
        assert network is not None, "other weights are judged of a row only where it has some"
        target = evaluated(network, self._domains.target_judges, options.rules.split)
        source = evaluated(network, self._domains.source_judges, options.rules.split)
        return {
            "row": row,
            "seed": seed,
            "weights": weights,
            "step": trained.step_of(weights),
            "device": trained.device,
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
            "unmatched": dict(trained.unmatched),
        }

    def _append(self, result: Result) -> None:
        with (self._folder / _RESULTS).open("a") as file:
            file.write(json.dumps(result) + "\n")
