"""SIM on drawn scenes: what `benchmarks/adaptation.py` measured, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.methods.adaptation.paired import difference

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def by_row(name: str) -> dict[str, dict[int, float]]:
    """Mean IoU on the target by row and seed."""
    rows: dict[str, dict[int, float]] = {}
    for line in (RESULTS / f"adaptation-{name}.jsonl").read_text().splitlines():
        each = json.loads(line)
        rows.setdefault(each["row"], {})[each["seed"]] = each["miou_target"]
    return rows


def means(name: str) -> dict[str, float]:
    """Means over at least three seeds."""
    rows = by_row(name)
    assert all(len(of_seed) >= 3 for of_seed in rows.values())
    return {row: float(np.mean(list(of_seed.values()))) for row, of_seed in rows.items()}


@pytest.mark.parametrize(
    ("rows", "figures", "among"),
    [
        ("ablation", "figures", {"adv", "adv_stuff_inst", "online", "oracle"}),
        ("self-training", "self-training", {"self_train", "sim_guarded", "sim_st"}),
        ("seeds-3-7", "seeds-3-7", {"adv", "adv_stuff_inst"}),
    ],
)
def test_every_difference_that_is_told_follows_from_the_rows(
    rows: str, figures: str, among: set[str]
) -> None:
    measured = by_row(rows)
    told: list[dict[str, Any]] = json.loads((RESULTS / f"adaptation-{figures}.json").read_text())[
        "paired"
    ]
    assert {each["row"] for each in told} >= among
    for each in told:
        found = difference(measured[each["row"]], measured[each["against"]])
        assert found is not None
        assert found.verdict == each["verdict"]
        assert [found.mean, found.lo, found.hi] == pytest.approx(
            [each["difference"], each["lo"], each["hi"]], abs=2e-3
        )


def test_self_training_adds_to_what_it_starts_from() -> None:
    """The whole paper is five points over the source, no stage is worse than the one before."""
    mean = means("self-training")
    assert mean["sim_st"] >= mean["source"] + 5
    assert mean["sim_st"] >= mean["adv_stuff_inst"] - 0.5
    assert mean["self_train"] >= mean["warm_start"] - 0.5


def test_what_is_measured_has_the_order_of_the_paper() -> None:
    """Source, adversarial, SIM, and what is said of the rest; each a mean over three seeds."""
    mean = means("ablation")
    assert mean["adv"] >= mean["source"] + 2
    assert mean["adv_stuff_inst"] > mean["adv"]
    assert mean["adv_stuff_inst"] >= mean["source"] + 5
    assert mean["online"] >= mean["adv_stuff_inst"] + 3
    assert mean["oracle"] > mean["online"] >= mean["source_long"] + 3
