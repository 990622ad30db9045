"""A plan as a system that a load generator drives: what a query contains by pipeline mode.

- `preloaded`: the prediction alone; its inputs were prepared before the clock started.
- `sequential`: reading, every step before and after, and the prediction.

A sample is an item of the data set; a query is answered a batch at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np

from dlscope.backends.base import Tensors
from dlscope.core.errors import DataError, DlscopeError
from dlscope.core.plan import Plan
from dlscope.data.base import Dataset
from dlscope.loadgen.mlperf.answering import RespondingSystem
from dlscope.loadgen.system_under_test import Query, SystemUnderTest
from dlscope.methods.evaluation.forward import Answer, Forward, Prepared

_LOADED_BYTES = 256 << 20


@final
class PreloadedSystem(SystemUnderTest):
    """Answers with predictions alone, from items that were prepared before.

    The batch that begins with each item is collated ahead, as many as fit the memory set aside;
    another choice of items, which the genuine LoadGen can make, is collated when it is asked for.
    """

    def __init__(self, plan: Plan, forward: Forward, dataset: Dataset) -> None:
        self._forward = forward
        self._predict = forward.predictor.predict
        self._batch = plan.batch_size
        self._items = list(_prepared(plan, forward, dataset))
        self._ready = dict(self._collated())

    @property
    def samples(self) -> int:
        """How many batches are ready, each named by its first item."""
        return len(self._ready)

    def load(self, samples: Sequence[int]) -> None:
        """Nothing: all of them are in memory."""

    def unload(self, samples: Sequence[int]) -> None:
        """Nothing: they go with the run."""

    def answer(self, samples: Query) -> None:
        """Predict a batch of them after another."""
        ready = self._ready.get(samples)
        if ready is not None:
            self._predict(ready)
            return
        for feeds in self.feeds_of(samples):
            self._predict(feeds)

    def feeds_of(self, samples: Query) -> Iterator[Tensors]:
        """The inputs of one prediction after another that answer them."""
        return map(self._feeds, _batches(samples, self._batch))

    def _feeds(self, batch: Query) -> Tensors:
        ready = self._ready.get(batch)
        if ready is not None:
            return ready
        return self._forward.feeds([self._items[item] for item in batch])

    def _collated(self) -> Iterator[tuple[Query, Tensors]]:
        used = 0
        for first in range(len(self._items)):
            batch = tuple((first + step) % len(self._items) for step in range(self._batch))
            feeds = self._forward.feeds([self._items[item] for item in batch])
            used += sum(array.nbytes for array in feeds.values())
            if first and used > _LOADED_BYTES:
                return
            yield batch, feeds


@final
class WholeSystem(SystemUnderTest):
    """Reads, prepares, predicts and finishes."""

    def __init__(self, plan: Plan, forward: Forward, dataset: Dataset) -> None:
        self._forward = forward
        self._dataset = dataset
        self._batch = plan.batch_size
        self._order = _order(plan)

    @property
    def samples(self) -> int:
        """The items of the data set."""
        return len(self._order)

    def load(self, samples: Sequence[int]) -> None:
        """Nothing: reading is part of the answer."""

    def unload(self, samples: Sequence[int]) -> None:
        """Nothing was loaded."""

    def answer(self, samples: Query) -> None:
        """Answer a batch of them after another. Raises `DataError` for a spoiled item."""
        self.answers(samples)

    def answers(self, samples: Query) -> list[Answer]:
        """What the model says of each of them, in their order."""
        return [
            answer
            for batch in _batches(samples, self._batch)
            for answer in self._forward.answer([self._dataset[self._order[item]] for item in batch])
        ]


@final
class RespondingPlan(RespondingSystem):
    """The same, with the prediction for each sample as JSON: what MLPerf's audits compare."""

    def __init__(self, plan: Plan, forward: Forward, dataset: Dataset) -> None:
        self._whole = WholeSystem(plan, forward, dataset)

    @property
    def samples(self) -> int:
        """The items of the data set."""
        return self._whole.samples

    def load(self, samples: Sequence[int]) -> None:
        """Nothing: reading is part of the answer."""

    def unload(self, samples: Sequence[int]) -> None:
        """Nothing was loaded."""

    def respond(self, samples: Query) -> list[bytes]:
        """The prediction of each sample. Raises `DlscopeError` where one has none."""
        return [_as_json(answer) for answer in self._whole.answers(samples)]


def _batches(samples: Query, size: int) -> Iterator[Query]:
    return (samples[first : first + size] for first in range(0, len(samples), size))


def _order(plan: Plan) -> list[int]:
    """The items in a fixed order, so that batches mix what lies together in the data set.

    A replayed trace asks for items by their number, so there it is the data set's own.
    """
    if plan.scenario.type == "replay":
        return list(range(plan.items))
    generator = np.random.default_rng(plan.scenario.seeds.subset)
    order: list[int] = generator.permutation(plan.items).tolist()
    return order


def _prepared(plan: Plan, forward: Forward, dataset: Dataset) -> Iterator[Prepared]:
    """Prepared items as far as memory is set aside for them; unreadable ones are left out.

    Which they are, where not all fit, is drawn by the seed of the subset.
    """
    used = 0
    for index in _order(plan):
        try:
            prepared = forward.prepare(dataset[index])
        except DlscopeError:
            # The accuracy pass names it; here it would only be an empty query.
            continue
        if used > _LOADED_BYTES:
            return
        used += _size_bytes(prepared)
        yield prepared
    if not used:
        raise DataError(
            f"none of the {plan.items} items of {plan.dataset.name} can be prepared",
            where=f"data set {plan.dataset.name}",
            fix="look at the first items with mode: accuracy, which names each failure",
        )


def _size_bytes(prepared: Prepared) -> int:
    return sum(int(getattr(value.data, "nbytes", 1)) for value in prepared.values())


def _as_json(answer: Answer) -> bytes:
    if answer.error is not None:
        raise answer.error
    return json.dumps(_plain(answer.prediction), sort_keys=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value
