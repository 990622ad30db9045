"""Reports to keep: trackers followed, an ablation, the argument against the adversarial loss.

The numbers of the ablation are made up; tables, figures and pictures are those of real ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlscope import api
from dlscope.api.kept import keep
from dlscope.core.report import Report

_ROWS = {"source": 33.0, "adv": 36.5, "sim_st": 41.0, "oracle": 51.0}
_CLASSES = 19


def write_kept(store: str) -> dict[str, tuple[str, ...]]:
    """Keep the reports in `store`; their names by kind."""
    followed = api.skynet_track("ncc", preset="easy", sequences=1, frames=6, store=store)
    ablated = keep(example_ablation(), "adapt", "ablate", store=store)
    explained = api.explain_adversarial(store=store)
    return {"skynet": followed.runs, "adapt": (*ablated.runs, *explained.runs)}


def example_ablation() -> Report:
    """The report of four rows and three seeds, with a picture of two networks that err."""
    from dlscope.methods.adaptation.ablation_report import ablation_report
    from dlscope.methods.adaptation.montage import montage

    chooser = np.random.default_rng(0)
    results = [
        _result(row, seed, miou, chooser) for seed in range(3) for row, miou in _ROWS.items()
    ]
    labels = np.repeat(np.array([10, 2, 0, 13], np.uint8), 12)[:, None].repeat(96, axis=1)
    seen = {
        name: np.where(chooser.uniform(size=labels.shape) < share, np.uint8(8), labels)
        for name, share in (("the source alone", 0.3), ("SIM", 0.1))
    }
    image = np.repeat((60 + 4 * labels)[..., None], 3, axis=2)
    picture = montage("target-0", image, labels, seen, "Image scene-0 of the target")
    command = "dlscope adapt ablate --preset smoke"
    return ablation_report(results, pictures=(picture,), command=command)


def _result(row: str, seed: int, miou: float, chooser: np.random.Generator) -> dict[str, Any]:
    iou = np.clip(miou / 100 + chooser.normal(0, 0.05, _CLASSES), 0.01, 0.99)
    return {
        "row": row,
        "seed": seed,
        "iou": [None if number == 3 else float(each) for number, each in enumerate(iou)],
        "miou_target": miou + float(chooser.normal(0, 0.5)),
        "miou_stuff": miou + 20.0,
        "miou_things": miou - 20.0,
        "miou_source": 65.0,
        "cpu_s": 20.0,
        "wall_s": 21.0,
        "miou_16": miou,
        "miou_13": miou,
        "kept": 0.5,
        "warnings": [],
    }
