from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.store import Store
from dlscope.testing.stores import sample_plan, sample_run


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def fill(store: str, runs: int) -> None:
    with Store.open(store) as opened:
        for number in range(runs):
            opened.accept(sample_run(f"r{number}", plan=sample_plan(seed=number)))


@pytest.mark.parametrize(
    ("stored", "asked", "answer"),
    [
        (0, {}, "No runs yet: try `dlscope demo`."),
        (0, {"model": "another"}, "No runs yet: try `dlscope demo`."),
        (1, {}, "1 run."),
        (3, {}, "3 runs."),
        (3, {"limit": 2}, "The newest 2 of 3 runs."),
        (1, {"model": "another"}, "None of 1 run fits."),
        (3, {"status": "failed", "limit": 2}, "None of 3 runs fits."),
    ],
)
def test_a_listing_says_how_much_of_the_store_it_is(
    store: str, stored: int, asked: dict[str, object], answer: str
) -> None:
    fill(store, stored)
    assert api.runs(**asked, store=store).answer == answer


@pytest.mark.parametrize(("stored", "counted"), [(1, "1 run"), (2, "2 runs")])
def test_info_counts_runs(store: str, stored: int, counted: str) -> None:
    fill(store, stored)
    assert api.store_info(store=store).answer == f"{counted} in {store}/dlscope.sqlite."
