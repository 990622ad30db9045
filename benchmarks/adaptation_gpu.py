"""What adaptation gains on a GPU at 512×256: rows and seeds, as many as there is time for.

Trains the preset `gpu` on drawn scenes of seed 0, one seed after another, each row from the warm
start of its seed. What time does not suffice for is told as lacking; called again with the same
`--work` it goes on after the last step. It is a part of `gpu.py`; alone:

    python benchmarks/adaptation_gpu.py [--seconds 1500] [--place cuda] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from dlscope import api
from dlscope.core.table import Table
from dlscope.methods.adaptation.ablation import Ablation
from dlscope.methods.adaptation.ablation_report import ablation_report
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.options import PRESETS, AdaptationOptions

ROWS = ("source", "adv", "adv_stuff_inst", "oracle")
WORK = Path(tempfile.gettempdir()) / "dlscope-adaptation-gpu"
_COMPARED = 8


@final
@dataclass(frozen=True)
class Effort:
    """How much is done: images of each part, rows, seeds, and how each is trained."""

    source: int = 500
    target: int = 400
    val: int = 100
    rows: tuple[str, ...] = ROWS
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    options: AdaptationOptions = PRESETS["gpu"]


REHEARSAL = Effort(
    *(4, 4, 2),
    rows=("source", "adv_stuff_inst"),
    seeds=(0,),
    options=replace(PRESETS["smoke"], size=(64, 64), steps=3, warm_up_steps=3),
)
"""So little that every line is walked on a processor in a few seconds."""


def measured(
    place: Any, effort: Effort, is_over: Callable[[], bool], work: Path = WORK
) -> dict[str, Any]:
    """The scores of what could be trained until `is_over`, and what that took.

    Raises `TrainingError` without a GPU, where one is asked for.
    """
    import torch

    from dlscope.training.launching import device_of, name_of

    device = device_of(place)
    domains = Domains.of_scenes(_scenes(work, effort), effort.options)
    ablation = Ablation(work / "ablation", domains, device=device)
    with contextlib.suppress(KeyboardInterrupt):  # how a training ends that is asked to stop
        ablation.run(effort.rows, effort.seeds, should_stop=is_over)
    results = ablation.results()
    report = ablation_report(results, warnings=domains.warnings()) if results else None
    done = {(each["row"], each["seed"]) for each in results}
    return {
        "device": name_of(device),
        "torch": torch.__version__,
        "size": effort.options.size,
        "steps": {"warm start": effort.options.warm_up_steps, "row": effort.options.steps},
        "answer": report and report.answer,
        "warnings": list(report.warnings) if report else [],
        "lacking": [
            f"{r}, seed {s}" for s in effort.seeds for r in effort.rows if (r, s) not in done
        ],
        **({name: _rows(report.table(name)) for name in ("ablation", "paired")} if report else {}),
        "on_a_processor": _agreement(work, effort, device) if results else None,
        "peak_bytes": torch.cuda.max_memory_allocated() if device.type == "cuda" else None,
    }


def _scenes(work: Path, effort: Effort) -> Path:
    """The folder of the scenes, drawn by as many processes as there are cores."""
    scenes = work / "scenes"
    if not (scenes / "scenes.json").is_file():  # written when all scenes are
        api.make_scenes(
            scenes,
            size=effort.options.size,
            source=effort.source,
            target=effort.target,
            val=effort.val,
            workers=min(os.cpu_count() or 1, effort.source),
        )
    return scenes


def _agreement(work: Path, effort: Effort, device: Any) -> dict[str, float]:
    """Weights of the GPU read on the processor: the largest difference, relative; equal classes."""
    import torch

    from dlscope.methods.adaptation.pictures import network_input
    from dlscope.methods.adaptation.trained import trained_network

    network = trained_network(work / "ablation", "warm_start", effort.seeds[0], effort.options)
    pictures = Domains.of_scenes(work / "scenes", effort.options).target_judges
    images = [pictures.image(place) for place in range(min(_COMPARED, len(pictures)))]
    with torch.no_grad():
        here = network(network_input(images, network))[1]
        network.to(device)
        there = network(network_input(images, network))[1].cpu()
    return {
        "relative_difference": float((here - there).abs().max() / here.abs().max()),
        "equal_classes": float((here.argmax(1) == there.argmax(1)).float().mean()),
    }


def _rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a table, numbers to four places."""
    return [
        {name: round(cell, 4) if isinstance(cell, float) else cell for name, cell in row.items()}
        for row in table
    ]


def main() -> None:
    """Train for so many seconds and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1500.0)
    parser.add_argument("--place", default="cuda", help="cuda, or cpu")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of scenes and weights")
    parser.add_argument("--rehearse", action="store_true", help="next to nothing, to test the code")
    asked = parser.parse_args()
    effort = REHEARSAL if asked.rehearse else Effort()
    end = time.monotonic() + asked.seconds
    found = measured(asked.place, effort, lambda: time.monotonic() > end, asked.work)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
