from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from dlscope.backends.mock import MockBackend
from dlscope.catalog.assets import fetch, open_dataset
from dlscope.core.errors import DataError
from dlscope.core.plan import Plan
from dlscope.core.run import Samples
from dlscope.core.trace import Level
from dlscope.core.workload import Context
from dlscope.data.base import Dataset, Item
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.performance_pass import performance_pass
from dlscope.pipelines.preparation import Preparation
from dlscope.tracing.clock import MonotonicClock
from dlscope.tracing.recorder import SpanRecorder


class Watched(Dataset):
    """Another data set whose reads are counted; some of its items may be spoiled."""

    name = "watched"

    def __init__(self, inner: Dataset, spoiled: tuple[int, ...] = ()) -> None:
        self._inner, self._spoiled = inner, spoiled
        self.reads: Counter[int] = Counter()

    def _open(self) -> None: ...

    def __len__(self) -> int:
        return len(self._inner)

    def item_id(self, index: int) -> str:
        return self._inner.item_id(index)

    def item_digest(self, index: int) -> str:
        return self._inner.item_digest(index)

    def _get(self, index: int) -> Item:
        self.reads[index] += 1
        item = self._inner[index]
        return Item(item.id, b"", item.target) if index in self._spoiled else item


@pytest.fixture
def measure(plan, changed) -> Callable[..., tuple[Samples, Watched]]:
    """The samples of the plan, its scenario changed, and the data set that was read."""

    def samples(
        spoiled: tuple[int, ...] = (), options: dict | None = None, stop: bool = False, **scenario
    ) -> tuple[Samples, Watched]:
        asked: Plan = changed(plan, **scenario)
        dataset = Watched(open_dataset(asked.dataset), spoiled)
        paths = fetch(asked.model).paths
        recorder = SpanRecorder(MonotonicClock(), Level.NONE)
        with MockBackend().open(paths["graph"], options or {}) as predictor:
            forward = Forward(asked.model, predictor, Preparation(asked.model, paths), recorder)
            context = Context("r-1", should_stop=lambda: stop)
            return performance_pass(asked, forward, dataset, context), dataset

    return samples


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential", "stream"])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_measures_as_many_queries_as_asked(measure, pipeline: str, batch_size: int) -> None:
    samples, _ = measure(pipeline=pipeline, batch_size=batch_size, min_queries=7)
    assert len(samples) == 7
    assert samples.ok.all()
    assert (samples.latency_ns > 0).all()
    assert (samples.scheduled_ns == samples.issued_ns).all()


def test_preloaded_queries_read_nothing(measure) -> None:
    _, dataset = measure(pipeline="preloaded", min_queries=50)
    assert dataset.reads == Counter(range(8))


def test_sequential_queries_read_every_item_they_ask_for(measure) -> None:
    _, dataset = measure(pipeline="sequential", batch_size=3, min_queries=10)
    assert dataset.reads.total() == 30


def test_queries_of_a_closed_loop_follow_one_another(measure) -> None:
    samples, _ = measure(pipeline="sequential", min_queries=10)
    assert (samples.issued_ns[1:] >= samples.completed_ns[:-1]).all()


def test_queries_of_a_stream_complete_in_order_and_overlap(measure) -> None:
    samples, _ = measure(pipeline="stream", min_queries=20, options={"delay_ns": 2_000_000})
    assert (np.diff(samples.completed_ns) > 0).all()
    assert (samples.issued_ns[1:] < samples.completed_ns[:-1]).any()


def test_a_slow_prediction_is_in_the_latency_of_its_query(measure) -> None:
    samples, _ = measure(min_queries=6, options={"delay_ns": [1_000_000, 5_000_000]})
    assert (samples.latency_ns[0::2] >= 1_000_000).all()
    assert (samples.latency_ns[1::2] >= 5_000_000).all()


def test_equal_issue_asks_for_each_item_equally_often(measure) -> None:
    _, dataset = measure(pipeline="sequential", equal_issue=True, min_queries=16)
    assert set(dataset.reads.values()) == {2}


def test_a_failed_prediction_fails_its_query_alone(measure) -> None:
    samples, _ = measure(min_queries=9, options={"fail_every": 3})
    assert samples.ok.tolist() == [True, True, False] * 3
    assert len(samples.latency_ns) == 6


@pytest.mark.parametrize("pipeline", ["sequential", "stream"])
def test_a_spoiled_item_fails_the_queries_that_ask_for_it(measure, pipeline: str) -> None:
    samples, _ = measure(spoiled=(3,), pipeline=pipeline, equal_issue=True, min_queries=16)
    assert int((~samples.ok).sum()) == 2


def test_a_spoiled_item_is_not_preloaded(measure) -> None:
    samples, _ = measure(spoiled=(3,), min_queries=16)
    assert samples.ok.all()


def test_nothing_to_preload_is_an_error(measure) -> None:
    with pytest.raises(DataError) as caught:
        measure(spoiled=tuple(range(8)))
    assert caught.value.describe() == (
        "DataError: none of the 8 items of pictures can be prepared\n"
        "  where  data set pictures\n"
        "  fix    look at the first items with mode: accuracy, which names each failure"
    )


def test_a_maximum_ends_the_run(measure) -> None:
    samples, _ = measure(min_queries=3, min_duration_ms=60_000, max_queries=5)
    assert len(samples) == 5


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential", "stream"])
def test_the_wish_to_stop_ends_the_run_after_the_current_query(measure, pipeline: str) -> None:
    samples, _ = measure(stop=True, pipeline=pipeline, min_queries=1000)
    assert len(samples) == 1
