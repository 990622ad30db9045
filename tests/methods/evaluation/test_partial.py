from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope.core.run import ItemResult
from dlscope.methods.evaluation.partial import PartialItems
from dlscope.testing.stores import assert_same_run

ANSWERED = ItemResult(
    "grün",
    {"classes": [[1, None, 0.5]], "p_label": 0.25},
    {"label": 1},
    outputs={"y": np.array([[1.5, np.inf]], np.float32), "n": np.array(7, np.int64)},
)
FAILED = ItemResult("empty", None, {"label": 0}, "the file is empty (step decode)")


@pytest.fixture
def partial(tmp_path: Path) -> PartialItems:
    return PartialItems(tmp_path / "deep" / "below")


def items_file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "below" / "items.jsonl"


def test_gives_items_back_as_they_were(partial) -> None:
    partial.append({3: ANSWERED})
    partial.append({0: FAILED})
    read = partial.read()
    assert list(read) == [3, 0]
    assert_same_run(read[3], ANSWERED)
    assert_same_run(read[0], FAILED)


def test_has_nothing_before_anything_was_answered(partial) -> None:
    assert partial.read() == {}


def test_keeps_nothing_without_a_folder() -> None:
    nowhere = PartialItems(None)
    nowhere.append({0: FAILED})
    assert nowhere.read() == {}


@pytest.mark.parametrize("kept_bytes", [1, 20, -1])
def test_a_line_cut_off_by_an_interruption_costs_that_item_alone(
    partial, tmp_path: Path, kept_bytes: int
) -> None:
    partial.append({0: FAILED})
    whole = items_file(tmp_path).read_bytes()
    partial.append({1: ANSWERED})
    added = items_file(tmp_path).read_bytes()[len(whole) :]
    items_file(tmp_path).write_bytes(whole + added[:kept_bytes])
    assert list(partial.read()) == [0]
    partial.append({1: ANSWERED, 2: FAILED})
    assert sorted(partial.read()) == [0, 1, 2]
