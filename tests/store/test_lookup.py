from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dlscope.core.errors import StoreError
from dlscope.store import RunFilter, Store
from dlscope.store.location import Location
from dlscope.store.lookup import SORTED
from dlscope.testing.analyses import example_run
from dlscope.testing.stores import sample_plan, sample_run

MEDIANS = {"r-a": 3_000_000, "r-b": 1_000_000, "r-c": 2_000_000}


@pytest.fixture
def store(location: Location) -> Iterator[Store]:
    with Store.open(location.url, folder=location.folder) as opened:
        for number, (run_id, median) in enumerate(MEDIANS.items()):
            run = example_run(run_id, latencies_ns=[median] * 3, repeat=number)
            opened.accept(replace(run, started_utc=f"2026-03-0{number + 1}T12:00:00Z"))
        failed = example_run("r-d", model="other", status="failed", latencies_ns=(), answers=())
        opened.accept(replace(failed, started_utc="2026-03-09T12:00:00Z"))
        yield opened


def ids(store: Store, *keys: str, **wanted: object) -> list[str]:
    return [run.id for run in store.page(RunFilter(**wanted), keys)]  # type: ignore[arg-type]


def test_the_newest_come_first(store: Store) -> None:
    assert ids(store) == ["r-d", "r-c", "r-b", "r-a"]


def test_absent_values_come_last_either_way(store: Store) -> None:
    assert ids(store, "p50_ns") == ["r-b", "r-c", "r-a", "r-d"]
    assert ids(store, "-p50_ns") == ["r-a", "r-c", "r-b", "r-d"]


def test_several_keys_sort_by_the_first_and_then_the_next(store: Store) -> None:
    assert ids(store, "-model", "p50_ns") == ["r-b", "r-c", "r-a", "r-d"]


def test_the_headline_metric_can_be_sorted_by(store: Store) -> None:
    store.accept(example_run("r-wrong", answers=(1, 2, 0), repeat=9))
    assert ids(store, "value")[0] == "r-wrong"


def test_pages_are_parts_of_the_whole_and_the_count_is_that_of_the_whole(store: Store) -> None:
    whole = ids(store, "p50_ns")
    parts = [
        [run.id for run in store.page(RunFilter(), ["p50_ns"], offset=at, count=2)]
        for at in (0, 2, 4)
    ]
    assert [run for part in parts for run in part] == whole
    assert store.count(RunFilter(limit=1)) == 4


def test_another_word_cannot_be_sorted_by(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.page(RunFilter(), ["p51_ns"])
    assert str(caught.value) == (
        "StoreError: runs cannot be sorted by 'p51_ns'\n"
        "  where  sort\n"
        "  fix    did you mean p50_ns?"
    )


def test_only_runs_that_count_or_do_not(store: Store) -> None:
    assert ids(store, is_valid=False) == ["r-d"]
    assert ids(store, is_valid=True, model="tiny") == ["r-c", "r-b", "r-a"]


def test_text_finds_parts_of_names_and_beginnings_of_ids(store: Store) -> None:
    assert ids(store, text="the") == ["r-d"]
    assert ids(store, text="r-b") == ["r-b"]
    assert ids(store, text="-b") == []


def test_signs_of_the_database_are_letters(store: Store) -> None:
    assert ids(store, text="%") == []
    assert ids(store, text="t_ny") == []


def test_choices_are_the_different_texts_sorted(store: Store) -> None:
    told = store.choices()
    assert told["model"] == ["other", "tiny"]
    assert told["task"] == ["image_classification"]


def test_an_empty_store_has_no_choices(location: Location) -> None:
    with Store.open(location.url, folder=location.folder) as opened:
        assert opened.choices()["model"] == []


def test_conditions_are_told_without_reading_a_file(store: Store) -> None:
    assert store.conditions("r-a") == list(example_run("r-a").conditions)
    assert store.conditions("r-z") == []


def test_every_word_of_the_list_sorts(store: Store) -> None:
    assert all(len(ids(store, key)) == 4 for key in SORTED)


def test_a_whole_id_wins_over_longer_ones_that_begin_with_it(store: Store) -> None:
    store.accept(sample_run("r-aa", plan=sample_plan(seed=7)))
    assert store.run("r-a").id == "r-a"
    with pytest.raises(StoreError, match="the beginning of 5 run ids"):
        store.run("r-")
