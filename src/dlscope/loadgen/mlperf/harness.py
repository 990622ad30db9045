"""MLHarness's contracts: a data set and a model given as functions, as a system under test.

    data set   init(count) -> n      load(ids) -> data      unload(ids)
    model      preprocess(ctx, data) -> tuple of arrays      postprocess(ctx, outputs) -> records

`data` are the loaded samples of one query, in the order of its ids. `ctx` is the mapping that a
hook of dlscope is given, so that a module written for either serves the other. A record is plain
data that JSON can hold; there is one for each sample.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, FeedError, PluginError
from dlscope.data.base import Dataset
from dlscope.loadgen.mlperf.answering import RespondingSystem
from dlscope.loadgen.system_under_test import Query

Arrays = tuple[NDArray[Any], ...]
Records = list[Any]
Predict = Callable[[Arrays], Arrays]
"""Input arrays of a batch to its output arrays, both in the order the model declares."""


class HarnessDataset(ABC):
    """Samples by id, in memory between `load` and `unload`."""

    @abstractmethod
    def init(self, count: int) -> int:
        """Make up to `count` samples known (0 is all) and tell how many there are."""

    @abstractmethod
    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        """The data of these samples, in their order."""

    @abstractmethod
    def unload(self, ids: Sequence[int]) -> None:
        """Let go of these samples."""


class HarnessModel(ABC):
    """What is done before and after the prediction."""

    @abstractmethod
    def preprocess(self, ctx: Mapping[str, Any], data: Sequence[Any]) -> Arrays:
        """The input arrays for these samples."""

    @abstractmethod
    def postprocess(self, ctx: Mapping[str, Any], outputs: Arrays) -> Records:
        """One record for each sample of the batch."""


@final
class DatasetItems(HarnessDataset):
    """A data set of dlscope under MLHarness's contract; a sample's data is an item's input."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def init(self, count: int) -> int:
        """As many items as asked for, at most those there are."""
        return min(count or len(self._dataset), len(self._dataset))

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        """What a hook would be given for each item, read now."""
        return [self._dataset[index].input for index in ids]

    def unload(self, ids: Sequence[int]) -> None:
        """Nothing: the items belong to who loaded them."""


@final
class FunctionsDataset(HarnessDataset):
    """The functions `init`, `load` and `unload` of a module or any other object."""

    def __init__(self, functions: Any) -> None:
        self._functions = _having(functions, "data set", ("init", "load", "unload"))

    def init(self, count: int) -> int:
        """What the function `init` tells."""
        return int(self._functions["init"](count))

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        """What the function `load` gives. Raises `DataError` when it is not one for each id."""
        data = self._functions["load"](list(ids))
        if not isinstance(data, Sequence) or len(data) != len(ids):
            raise DataError(
                f"load was asked for {len(ids)} samples and gave {_size(data)}",
                where="function load",
                fix="give a list with the data of each id, in their order",
            )
        return data

    def unload(self, ids: Sequence[int]) -> None:
        """Call the function `unload`."""
        self._functions["unload"](list(ids))


@final
class FunctionsModel(HarnessModel):
    """The functions `preprocess` and `postprocess` of a module or any other object."""

    def __init__(self, functions: Any) -> None:
        self._functions = _having(functions, "model", ("preprocess", "postprocess"))

    def preprocess(self, ctx: Mapping[str, Any], data: Sequence[Any]) -> Arrays:
        """What the function gives. Raises `FeedError` when it is not a tuple of arrays."""
        arrays = self._functions["preprocess"](ctx, data)
        if not isinstance(arrays, tuple) or not all(isinstance(a, np.ndarray) for a in arrays):
            raise FeedError(
                f"preprocess gave {_size(arrays)}, not a tuple of arrays",
                where="function preprocess",
                fix="give one NumPy array for each input of the model, as a tuple",
            )
        return arrays

    def postprocess(self, ctx: Mapping[str, Any], outputs: Arrays) -> Records:
        """What the function gives, as a list."""
        return list(self._functions["postprocess"](ctx, outputs))


@final
class HarnessSystem(RespondingSystem):
    """A data set, a model's functions and a prediction, as a system a load generator drives.

    With `preloaded` a sample is preprocessed when it is loaded, as MLPerf allows; else everything
    from its data to its record is part of the answer. A record is answered as JSON in UTF-8.
    """

    def __init__(
        self,
        dataset: HarnessDataset,
        model: HarnessModel,
        predict: Predict,
        *,
        ctx: Mapping[str, Any] | None = None,
        count: int = 0,
        preloaded: bool = True,
    ) -> None:
        self._dataset, self._model, self._predict = dataset, model, predict
        self._ctx = dict(ctx or {})
        self._preloaded = preloaded
        self._count = dataset.init(count)
        self._loaded: dict[int, Any] = {}

    @property
    def samples(self) -> int:
        """How many the data set told of."""
        return self._count

    def load(self, samples: Sequence[int]) -> None:
        """Load these samples, preprocessed where that is not timed."""
        ids = list(dict.fromkeys(samples))
        for index, data in zip(ids, self._dataset.load(ids), strict=True):
            ready = self._model.preprocess(self._ctx, [data]) if self._preloaded else data
            self._loaded[index] = ready

    def unload(self, samples: Sequence[int]) -> None:
        """Drop these samples."""
        ids = list(dict.fromkeys(samples))
        for index in ids:
            self._loaded.pop(index, None)
        self._dataset.unload(ids)

    def respond(self, samples: Query) -> Sequence[bytes]:
        """One record for each sample. Raises `DataError` for another number of records."""
        outputs = self._predict(self._inputs([self._loaded_sample(index) for index in samples]))
        records = self._model.postprocess(self._ctx, outputs)
        if len(records) != len(samples):
            raise DataError(
                f"postprocess gave {len(records)} records for {len(samples)} samples",
                where="function postprocess",
                fix="give one record for each sample of the batch",
            )
        return [json.dumps(record, sort_keys=True).encode() for record in records]

    def _inputs(self, data: list[Any]) -> Arrays:
        if not self._preloaded:
            return self._model.preprocess(self._ctx, data)
        return tuple(np.concatenate(arrays) for arrays in zip(*data, strict=True))

    def _loaded_sample(self, index: int) -> Any:
        if index not in self._loaded:
            raise DataError(
                f"sample {index} was asked for and is not loaded",
                where="harness",
                fix="load samples before asking for them",
            )
        return self._loaded[index]


def _having(functions: Any, kind: str, names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    found = {name: getattr(functions, name, None) for name in names}
    missing = [name for name, function in found.items() if not callable(function)]
    if missing:
        raise PluginError(
            f"the {kind} lacks {', '.join(missing)}",
            where=str(getattr(functions, "__name__", type(functions).__name__)),
            fix=f"define the functions {', '.join(names)}",
        )
    return {name: function for name, function in found.items() if callable(function)}


def _size(value: Any) -> str:
    return f"{len(value)}" if isinstance(value, list | tuple) else type(value).__name__
