"""`DatasetSuite`: what every reader of data sets promises, as tests for ours and for yours."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.digest import canonical_json
from dlscope.data.base import Dataset, Item


class DatasetSuite:
    """Subclass it in a test module as `class TestMine(DatasetSuite)` and fill in the attributes.

    `reader` is the name of the plugin, `options` what a manifest would give it, `items` how many
    items there then are. A reader of files overrides `make_root` to write some.
    """

    reader: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    items: ClassVar[int]

    def make_root(self, folder: Path) -> Path | None:
        """The source of the data set, written below the empty `folder`; None for no source."""
        del folder
        return None

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path | None:
        """The source that the tests of this suite read."""
        return self.make_root(tmp_path)

    @pytest.fixture
    def dataset(self, root: Path | None) -> Dataset:
        """The data set under test."""
        return self._open(root)

    def test_is_a_dataset_under_its_registered_name(self, dataset: Dataset) -> None:
        """The class says the name it is registered under."""
        assert isinstance(dataset, Dataset)
        assert type(dataset).name == self.reader

    def test_has_the_declared_number_of_items(self, dataset: Dataset) -> None:
        """`len` and iteration agree."""
        assert len(dataset) == self.items
        assert len(list(dataset)) == self.items

    def test_refuses_an_index_outside(self, dataset: Dataset) -> None:
        """Neither −1 nor the length is an index."""
        for index in (-1, len(dataset), len(dataset) + 1):
            with pytest.raises(IndexError):
                dataset[index]

    def test_names_each_item_once_and_without_reading_it(self, dataset: Dataset) -> None:
        """`item_id` is the id of the item, a text, and no two are the same."""
        ids = [dataset.item_id(index) for index in range(len(dataset))]
        assert ids == [item.id for item in dataset]
        assert all(isinstance(each, str) and each for each in ids)
        assert len(set(ids)) == len(ids)

    def test_gives_the_same_items_in_any_order_and_again(
        self, dataset: Dataset, root: Path | None
    ) -> None:
        """Reading has no memory: backwards, twice, and from a second data set are the same."""
        forwards = list(dataset)
        indices = reversed(range(len(dataset)))
        backwards = [dataset[index] for index in indices][::-1]
        for items in (backwards, list(dataset), list(self._open(root))):
            assert all(map(_same, forwards, items))

    def test_leaves_its_options_untouched(self, root: Path | None) -> None:
        """What a manifest gave is not changed by opening and reading."""
        options = copy.deepcopy(dict(self.options))
        list(registry.load("datasets", self.reader)(root, options))
        assert options == self.options

    def test_reads_bytes_text_or_arrays(self, dataset: Dataset) -> None:
        """Inputs are what pre-processing can begin with."""
        assert all(isinstance(item.input, bytes | str | np.ndarray) for item in dataset)

    def test_has_targets_of_plain_values(self, dataset: Dataset) -> None:
        """Targets can be stored with a prediction, as JSON."""
        for item in dataset:
            canonical_json(item.target)

    def test_tells_the_classes_that_its_items_have(self, dataset: Dataset) -> None:
        """`labels`, where it tells any, are those of the targets; each item has a place."""
        labels = list(dataset.labels())
        assert not labels or labels == [item.target["label"] for item in dataset]
        assert all(dataset.place(index) for index in range(len(dataset)))

    def test_has_a_digest_for_each_item_that_stays(
        self, dataset: Dataset, root: Path | None
    ) -> None:
        """Digests are SHA-256, and the same when the data set is opened again."""
        digests = [dataset.item_digest(index) for index in range(len(dataset))]
        again = self._open(root)
        assert digests == [again.item_digest(index) for index in range(len(again))]
        assert all(len(each) == 64 and int(each, 16) >= 0 for each in digests)

    def test_has_different_digests_for_different_items(self, dataset: Dataset) -> None:
        """Items that differ in input or target differ in digest."""
        by_digest: dict[str, Item] = {}
        for index, item in enumerate(dataset):
            other = by_digest.setdefault(dataset.item_digest(index), item)
            assert _same_value(other.input, item.input)
            assert other.target == item.target

    def _open(self, root: Path | None) -> Dataset:
        dataset: Dataset = registry.load("datasets", self.reader)(root, self.options)
        return dataset


def _same(left: Item, right: Item) -> bool:
    return (
        left.id == right.id and left.target == right.target and _same_value(left.input, right.input)
    )


def _same_value(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    return type(left) is type(right) and bool(left == right)
