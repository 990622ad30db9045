"""SIM on drawn scenes: what `benchmarks/adaptation.py` measured, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.methods.adaptation.paired import difference

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[int, float]]:
    """Mean IoU on the target by row and seed."""
    rows: dict[str, dict[int, float]] = {}
    for line in (RESULTS / "adaptation-ablation.jsonl").read_text().splitlines():
        each = json.loads(line)
        rows.setdefault(each["row"], {})[each["seed"]] = each["miou_target"]
    return rows


def test_every_difference_that_is_told_follows_from_the_rows(
    measured: dict[str, dict[int, float]],
) -> None:
    told: list[dict[str, Any]] = json.loads((RESULTS / "adaptation-figures.json").read_text())[
        "paired"
    ]
    assert {each["row"] for each in told} >= {"adv", "adv_stuff_inst", "online", "oracle"}
    for each in told:
        found = difference(measured[each["row"]], measured[each["against"]])
        assert found is not None
        assert found.verdict == each["verdict"]
        assert [found.mean, found.lo, found.hi] == pytest.approx(
            [each["difference"], each["lo"], each["hi"]], abs=2e-3
        )


def test_what_is_measured_has_the_order_of_the_paper(
    measured: dict[str, dict[int, float]],
) -> None:
    """Source, adversarial, SIM, and what is said of the rest; each a mean over three seeds."""
    assert all(len(of_seed) >= 3 for of_seed in measured.values())
    mean = {row: float(np.mean(list(of_seed.values()))) for row, of_seed in measured.items()}
    assert mean["adv"] >= mean["source"] + 2
    assert mean["adv_stuff_inst"] > mean["adv"]
    assert mean["adv_stuff_inst"] >= mean["source"] + 5
    assert mean["online"] >= mean["adv_stuff_inst"] + 3
    assert mean["oracle"] > mean["online"] >= mean["source_long"] + 3
