from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from dlscope.backends.mock import MockBackend, MockPredictor
from dlscope.catalog.assets import fetch, open_dataset
from dlscope.core.errors import DataError
from dlscope.core.plan import Plan
from dlscope.core.run import Samples
from dlscope.core.trace import Level
from dlscope.core.workload import Context
from dlscope.data.base import Dataset, Item
from dlscope.loadgen.mlperf.logs import parse_detail
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.performance_pass import Performance, performance_pass
from dlscope.pipelines.preparation import Preparation
from dlscope.tracing.capture import SpanBuffer
from dlscope.tracing.clock import Clock, MonotonicClock, VirtualClock


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
def perform(plan, changed, tmp_path) -> Callable[..., tuple[Performance, Watched]]:
    """The performance pass of the plan, its scenario changed, and the data set that was read."""

    def performance(
        spoiled: tuple[int, ...] = (),
        options: dict | None = None,
        stop: bool = False,
        clock: Clock | None = None,
        progress: Callable[[Mapping[str, Any]], None] = dict,
        **scenario,
    ) -> tuple[Performance, Watched]:
        asked: Plan = changed(plan, **scenario)
        dataset = Watched(open_dataset(asked.dataset), spoiled)
        paths = fetch(asked.model).paths
        spans = SpanBuffer(Level.NONE)
        with MockBackend().open(paths["graph"], options or {}) as opened:
            predictor = opened
            if clock is not None:
                delays = (options or {})["delay_ns"]
                predictor = MockPredictor(opened.inputs, opened.outputs, delays, clock)
            forward = Forward(asked.model, predictor, Preparation(asked.model, paths), spans)
            context = Context("r-1", tmp_path, should_stop=lambda: stop, progress=progress)
            used = clock or MonotonicClock()
            return performance_pass(asked, forward, dataset, context, used), dataset

    return performance


@pytest.fixture
def measure(perform) -> Callable[..., tuple[Samples, Watched]]:
    """The samples of that pass alone."""

    def samples(*arguments, **named) -> tuple[Samples, Watched]:
        performance, dataset = perform(*arguments, **named)
        return performance.samples, dataset

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


OPEN = {"type": "uniform", "rate_qps": 500.0, "min_queries": 20, "latency_bound_ms": 500.0}


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential", "stream"])
def test_an_open_loop_counts_from_when_a_query_was_due(measure, pipeline: str) -> None:
    # 5 ms of service at one query each 2 ms: whoever comes later waits longer.
    samples, _ = measure(pipeline=pipeline, options={"delay_ns": 5_000_000}, **OPEN)
    assert (np.diff(samples.scheduled_ns) == 2_000_000).all()
    assert samples.latency_ns[-1] >= 20 * 5_000_000 - 19 * 2_000_000
    assert (samples.latency_ns >= 5_000_000).all()


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential", "stream"])
def test_offline_asks_for_everything_at_once(measure, pipeline: str) -> None:
    fields = {"type": "offline", "min_queries": 1, "samples_per_query": 9}
    samples, _ = measure(pipeline=pipeline, batch_size=3, **fields)
    assert len(samples) == 3
    assert len(set(samples.scheduled_ns.tolist())) == 1


def test_conditions_of_the_scenario_are_judged(perform) -> None:
    performance, _ = perform(**OPEN)
    assert [each.name for each in performance.conditions] == [
        "minimum duration",
        "minimum queries",
        "every query answered",
        "p99 within the bound",
        "early stopping",
        "lateness",
    ]


PEAK = {
    "type": "uniform",
    "mode": "find_peak",
    "min_queries": 60,
    "percentile": 0.5,
    "latency_bound_ms": 40.0,
}


def test_the_peak_is_searched_and_its_last_trial_kept(perform) -> None:
    # 2 ms of service: no more than 500 queries a second can be answered for ever.
    delay = {"delay_ns": [2_000_000]}
    performance, _ = perform(options=delay, clock=VirtualClock(), rate_qps=200.0, **PEAK)
    assert performance.conditions[-1].name == "peak confirmed"
    assert performance.conditions[-1].holds
    confirmed = performance.probes[-1]
    assert confirmed.confirms
    assert confirmed.holds
    assert len(performance.samples) == confirmed.queries == 60
    gap_ns = np.diff(performance.samples.scheduled_ns).mean()
    assert 1e9 / gap_ns == pytest.approx(confirmed.rate_qps, rel=0.01)
    assert {probe.holds for probe in performance.probes} == {True, False}
    # Half of 60 queries may wait up to 40 ms: at 2 ms each they may come twice as fast and more.
    assert confirmed.rate_qps > 500


def test_a_search_of_the_peak_tells_which_trial_it_is_at(perform) -> None:
    delay, told = {"delay_ns": [2_000_000]}, []
    asked = {**PEAK, "min_queries": 600, "rate_qps": 200.0}
    performance, _ = perform(options=delay, clock=VirtualClock(), progress=told.append, **asked)
    assert (told[0]["trial"], told[0]["rate_qps"]) == (1, 200.0)
    assert {each["trial"] for each in told} <= set(range(1, len(performance.probes) + 1))


def test_a_peak_starts_from_the_speed_of_single_queries(perform) -> None:
    delay = {"delay_ns": [2_000_000]}
    performance, _ = perform(options=delay, clock=VirtualClock(), rate_qps=None, **PEAK)
    assert performance.probes[0].rate_qps == pytest.approx(250)


def test_a_bound_that_nothing_meets_has_no_peak(perform) -> None:
    bound = {**PEAK, "latency_bound_ms": 0.5, "min_queries": 2}
    delay = {"delay_ns": [1_000_000]}
    performance, _ = perform(options=delay, clock=VirtualClock(), rate_qps=4000.0, **bound)
    found = performance.conditions[-1]
    assert (found.name, found.measured, found.holds) == ("peak confirmed", "none", False)
    assert found.advice == "raise latency_bound_ms, or measure longer"
    assert not len(performance.samples)


def test_a_query_that_hung_in_an_earlier_worker_is_a_failed_one(measure, tmp_path) -> None:
    (tmp_path / "timeouts").write_text("4\n9\n")
    samples, _ = measure(min_queries=5)
    assert samples.ok.tolist() == [False, False, True, True, True, True, True]
    assert len(samples.latency_ns) == 5
    assert samples.sample[:2].tolist() == [-1, -1]


LOADGEN = {"loadgen": "mlperf", "min_queries": 70, "min_duration_ms": 0, "percentile": 0.9}


@pytest.mark.parametrize("pipeline", ["preloaded", "sequential"])
@pytest.mark.parametrize("kind", ["online", "single_stream", "offline"])
def test_the_genuine_loadgen_drives_the_same_plan(perform, pipeline: str, kind: str) -> None:
    performance, _ = perform(type=kind, pipeline=pipeline, **LOADGEN)
    assert performance.samples.ok.all()
    assert len(performance.samples) >= 70
    assert {"mlperf_log_summary.txt", "mlperf_log_detail.txt"} <= set(performance.artifacts)
    assert all(each.holds for each in performance.conditions), performance.conditions


def test_loadgen_asks_offline_for_a_batch_at_a_time(perform) -> None:
    performance, _ = perform(type="offline", batch_size=4, **LOADGEN)
    detail = parse_detail(performance.artifacts["mlperf_log_detail.txt"])
    asked = int(detail["generated_samples_per_query"])
    assert asked >= 70
    assert len(performance.samples) == -(-asked // 4)


def test_audits_become_conditions(perform) -> None:
    audits = {"type": "single_stream", "audits": ("TEST01", "TEST04")}
    performance, _ = perform(options={"delay_ns": 1_000_000}, **audits, **LOADGEN)
    checked = {each.name: each for each in performance.conditions[-3:]}
    assert set(checked) == {"TEST01 answers", "TEST01 speed", "TEST04 caching"}
    assert checked["TEST01 answers"].holds, checked["TEST01 answers"].measured
