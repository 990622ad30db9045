from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dlscope.core.errors import DataError, FeedError, PluginError
from dlscope.data.base import Dataset, Item
from dlscope.loadgen.mlperf.door import drive_with_mlperf
from dlscope.loadgen.mlperf.harness import (
    DatasetItems,
    FunctionsDataset,
    FunctionsModel,
    HarnessSystem,
)
from dlscope.loadgen.mlperf.logs import parse_accuracy

COUNT = 12


class Numbers:
    """MLHarness's functions over the numbers 0, 10, 20, …; `held` are those in memory."""

    __name__ = "numbers"

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.contexts: list[dict] = []

    def init(self, count: int) -> int:
        return min(count or COUNT, COUNT)

    def load(self, ids: list[int]) -> list[int]:
        self.held |= set(ids)
        return [10 * index for index in ids]

    def unload(self, ids: list[int]) -> None:
        self.held -= set(ids)

    def preprocess(self, ctx, data):
        self.contexts.append(dict(ctx))
        return (np.array(data, dtype=np.float32)[:, np.newaxis],)

    def postprocess(self, ctx, outputs):
        self.contexts.append(dict(ctx))
        return [{"doubled": float(row[0])} for row in outputs[0]]


def _double(inputs):
    return (inputs[0] * 2,)


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


def _system(numbers: Numbers, **options) -> HarnessSystem:
    return HarnessSystem(FunctionsDataset(numbers), FunctionsModel(numbers), _double, **options)


@pytest.mark.parametrize("preloaded", [True, False])
def test_samples_become_records(numbers, preloaded: bool) -> None:
    system = _system(numbers, ctx={"labels": ["a"]}, preloaded=preloaded)
    assert system.samples == COUNT
    system.load([2, 3, 5])
    assert numbers.held == {2, 3, 5}
    assert len(numbers.contexts) == (3 if preloaded else 0)
    assert [json.loads(answer) for answer in system.respond([3, 2])] == [
        {"doubled": 60.0},
        {"doubled": 40.0},
    ]
    assert all(context == {"labels": ["a"]} for context in numbers.contexts)
    system.unload([2, 3, 5])
    assert numbers.held == set()


def test_a_count_limits_the_samples(numbers) -> None:
    assert _system(numbers, count=5).samples == 5


@pytest.mark.parametrize("kind", ["online", "multi_stream", "offline"])
def test_loadgen_drives_a_harness_and_logs_its_records(
    scenario, numbers, tmp_path: Path, kind: str
) -> None:
    asked = scenario(kind, **({"samples_per_query": 3} if kind == "multi_stream" else {}))
    system = _system(numbers)
    outcome = drive_with_mlperf(asked, system, None, tmp_path, mode="accuracy")
    answers = parse_accuracy(outcome.artifacts["mlperf_log_accuracy.json"])
    assert {n: json.loads(found[0]) for n, found in answers.items()} == {
        n: {"doubled": 20.0 * n} for n in range(COUNT)
    }
    assert outcome.samples.ok.all()
    assert numbers.held == set()


def test_a_data_set_of_dlscope_keeps_the_contract() -> None:
    class Letters(Dataset):
        name = "letters"

        def _open(self) -> None:
            self.letters = "abc"

        def __len__(self) -> int:
            return len(self.letters)

        def _get(self, index: int) -> Item:
            return Item(f"{index}", self.letters[index], None)

        def item_id(self, index: int) -> str:
            return f"{index}"

        def item_digest(self, index: int) -> str:
            return f"{index:064d}"

    items = DatasetItems(Letters(None, {}))
    assert (items.init(0), items.init(2), items.init(9)) == (3, 2, 3)
    assert items.load([2, 0]) == ["c", "a"]
    items.unload([2, 0])


def test_refuses_functions_that_are_missing() -> None:
    half = SimpleNamespace(init=int, load="no function")
    with pytest.raises(PluginError) as caught:
        FunctionsDataset(half)
    assert str(caught.value) == (
        "PluginError: the data set lacks load, unload\n"
        "  where  SimpleNamespace\n"
        "  fix    define the functions init, load, unload"
    )
    with pytest.raises(PluginError) as caught:
        FunctionsModel(json)
    assert str(caught.value) == (
        "PluginError: the model lacks preprocess, postprocess\n"
        "  where  json\n"
        "  fix    define the functions preprocess, postprocess"
    )


@pytest.mark.parametrize(("given", "shown"), [([1], "1"), (None, "NoneType")])
def test_refuses_data_that_are_not_one_for_each_id(numbers, monkeypatch, given, shown) -> None:
    monkeypatch.setattr(numbers, "load", lambda _: given)
    with pytest.raises(DataError) as caught:
        FunctionsDataset(numbers).load([1, 2])
    assert str(caught.value) == (
        f"DataError: load was asked for 2 samples and gave {shown}\n"
        "  where  function load\n"
        "  fix    give a list with the data of each id, in their order"
    )


@pytest.mark.parametrize(
    ("given", "shown"), [(np.zeros(3), "ndarray"), ((1, 2), "2"), ([np.zeros(3)], "1")]
)
def test_refuses_inputs_that_are_not_a_tuple_of_arrays(numbers, monkeypatch, given, shown) -> None:
    monkeypatch.setattr(numbers, "preprocess", lambda *_: given)
    with pytest.raises(FeedError) as caught:
        FunctionsModel(numbers).preprocess({}, [1])
    assert str(caught.value) == (
        f"FeedError: preprocess gave {shown}, not a tuple of arrays\n"
        "  where  function preprocess\n"
        "  fix    give one NumPy array for each input of the model, as a tuple"
    )


def test_refuses_another_number_of_records(numbers, monkeypatch) -> None:
    monkeypatch.setattr(numbers, "postprocess", lambda *_: [{}])
    system = _system(numbers)
    system.load([0, 1])
    with pytest.raises(DataError) as caught:
        system.respond([0, 1])
    assert str(caught.value) == (
        "DataError: postprocess gave 1 records for 2 samples\n"
        "  where  function postprocess\n"
        "  fix    give one record for each sample of the batch"
    )


def test_refuses_a_sample_that_is_not_loaded(numbers) -> None:
    system = _system(numbers)
    system.load([0])
    with pytest.raises(DataError) as caught:
        system.respond([0, 4])
    assert str(caught.value) == (
        "DataError: sample 4 was asked for and is not loaded\n"
        "  where  harness\n"
        "  fix    load samples before asking for them"
    )
