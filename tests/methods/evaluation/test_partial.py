from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope.core.run import ItemResult
from dlscope.methods.evaluation.partial import PartialItems
from dlscope.testing.stores import assert_same_run

ANSWERED = ItemResult(
    "größe.png",
    {"index": 3, "label": "tick\u2028tock", "probability": 0.1, "top": [[3, 0.1]]},
    {"label": 3},
    None,
    {
        "scores": np.linspace(-1, 1, 10, dtype=np.float32),
        "mask": np.array([[True, False]]),
        "count": np.array(3, dtype=np.int64),
        "none": np.empty((0, 4), dtype=np.float16),
    },
)
FAILED = ItemResult("broken.png", None, {"label": 2}, "cannot be decoded (broken.png)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "partial" / "of a plan"


def test_gives_back_what_was_appended(folder: Path) -> None:
    PartialItems(folder).append({4: ANSWERED, 5: FAILED})
    read = PartialItems(folder).read()
    assert list(read) == [4, 5]
    assert_same_run(read[4], ANSWERED)
    assert_same_run(read[5], FAILED)


def test_there_is_nothing_before_the_first_item(folder: Path) -> None:
    assert PartialItems(folder).read() == {}
    assert not folder.exists()


def test_appends_to_what_another_process_left(folder: Path) -> None:
    PartialItems(folder).append({0: ANSWERED})
    PartialItems(folder).append({1: FAILED})
    assert list(PartialItems(folder).read()) == [0, 1]


def test_the_last_answer_to_an_item_counts(folder: Path) -> None:
    items = PartialItems(folder)
    items.append({0: FAILED})
    items.append({0: ANSWERED})
    assert items.read()[0].prediction == ANSWERED.prediction


def test_a_line_that_broke_off_is_ignored_wherever_it_broke(folder: Path) -> None:
    PartialItems(folder).append({0: FAILED})
    whole = (folder / "items.jsonl").read_bytes()
    PartialItems(folder).append({1: FAILED})
    both = (folder / "items.jsonl").read_bytes()
    for end in range(len(whole), len(both)):
        (folder / "items.jsonl").write_bytes(both[:end])
        assert list(PartialItems(folder).read()) == [0]


def test_goes_on_behind_a_line_that_broke_off(folder: Path) -> None:
    items = PartialItems(folder)
    items.append({0: FAILED})
    with (folder / "items.jsonl").open("a") as file:
        file.write('\n{"index": 1, "item": "bro')
    items.append({1: ANSWERED, 2: FAILED})
    assert list(items.read()) == [0, 1, 2]
    assert_same_run(items.read()[1], ANSWERED)


def test_without_a_folder_nothing_is_kept() -> None:
    items = PartialItems(None)
    items.append({0: ANSWERED})
    assert items.read() == {}
