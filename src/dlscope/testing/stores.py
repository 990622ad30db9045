"""`StoreSuite`: what every database must do for a store; and Runs to store.

A test module subclasses the suite and defines a fixture `location` that gives the `Location` of an
empty store. Where that may hold tables already, `untouched` gives one where no store ever was:

    class TestMine(StoreSuite):
        @pytest.fixture
        def location(self, tmp_path: Path) -> Location:
            return Location.of(tmp_path)
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import StoreError
from dlscope.core.manifest import (
    DatasetManifest,
    FrameworkManifest,
    ModelManifest,
    ScenarioManifest,
)
from dlscope.core.plan import Plan
from dlscope.core.run import (
    Condition,
    Energy,
    Environment,
    ItemResult,
    Metric,
    Probe,
    Run,
    Samples,
    Stage,
    Status,
)
from dlscope.core.trace import Level, Span, Trace
from dlscope.store.base import Store
from dlscope.store.location import Location
from dlscope.store.summary import RunFilter

_RACES = 8


def sample_plan(*, seed: int = 0, model: str = "tiny", framework: str = "mock") -> Plan:
    """A small closed Plan; another `seed` gives another digest."""
    image = {"name": "image", "tensor": "x", "type": "tensor", "element_type": "float32"}
    scores = {"name": "scores", "tensor": "y", "type": "classification", "element_type": "float32"}
    return Plan(
        workload="evaluation",
        model=ModelManifest.model_validate(
            {
                "schema_version": 1,
                "name": model,
                "version": "1.2.0",
                "task": "image_classification",
                "license": "Apache-2.0",
                "assets": {"graph": {"source": "file:tiny.onnx"}},
                "inputs": [image | {"layout": "NCHW", "shape": ["N", 3, 8, 8]}],
                "outputs": [scores | {"layout": "NK", "shape": ["N", 10]}],
            }
        ),
        framework=FrameworkManifest(
            schema_version=1, name=framework, version="0.3.1", backend=framework
        ),
        dataset=DatasetManifest(
            schema_version=1,
            name="squares",
            version="1.0.0",
            task="image_classification",
            license="CC0-1.0",
            reader="records",
            items=3,
            data_kind="procedural",
        ),
        scenario=ScenarioManifest(schema_version=1, name="online", type="online"),
        items=3,
        seed=seed,
    )


def sample_environment(*, threads: str = "2", load: float = 0.5) -> Environment:
    """An environment; another `threads` gives another fingerprint, another `load` does not."""
    return Environment(
        system={"name": "lab", "cpu": {"model": "Test CPU", "cores": 4}},
        python="CPython 3.11.7",
        packages={"numpy": "2.0.0"},
        variables={"OMP_NUM_THREADS": threads},
        volatile={"load_average": [load, 0.25, 0.0]},
    )


def sample_run(
    run_id: str,
    *,
    plan: Plan | None = None,
    environment: Environment | None = None,
    status: Status = "finished",
    queries: int = 4,
    started_utc: str = "2026-03-01T12:00:00.000000Z",
) -> Run:
    """A Run with something in every field."""
    has_failed = status != "finished"
    error = {"kind": "BackendError", "what": "the mock broke", "where": "mock", "fix": "mend it"}
    return Run(
        id=run_id,
        plan=plan or sample_plan(),
        environment=environment or sample_environment(),
        status=status,
        started_utc=started_utc,
        stages=(Stage("load", 2_000_000, 1_500_000), Stage("first", 900_000, 850_000)),
        samples=_samples(queries),
        items=_items(),
        metrics=(
            Metric("top_1", 0.5, 0.25, 0.75, 4, 2),
            Metric("mean", 1e6, None, None, 4, None, "ns"),
        ),
        conditions=(Condition("queries", "4", "≥ 4", holds=True, advice="run longer"),),
        trace=_trace(),
        memory_bytes={"baseline": 1000, "peak": 5000},
        framework_report={"threads": 2, "precision": "f32", "fused": True},
        error=error if has_failed else None,
        log_tail="opened\nclosed: 100 % – done\n",
        probes=(
            Probe(50.0, 3, 100, 2_000_000, 900, holds=True),
            Probe(99.5, 4, 9, None, None, holds=False),
        ),
        energy=Energy("rapl", 12.5, 3.25, 0.125),
        artifacts={"summary.txt": "Result is : VALID – µs\n"},
    )


def assert_same_run(left: Any, right: Any, path: str = "run") -> None:
    """Fail, naming the field, where two Runs differ: in value, dtype, shape or order."""
    if isinstance(left, np.ndarray):
        assert isinstance(right, np.ndarray), path
        assert left.dtype == right.dtype, path
        np.testing.assert_array_equal(left, right, err_msg=path)
    elif dataclasses.is_dataclass(left):
        assert type(left) is type(right), path
        for each in dataclasses.fields(left):
            assert_same_run(getattr(left, each.name), getattr(right, each.name), each.name)
    elif isinstance(left, Mapping):
        assert list(left) == list(right), path
        for key in left:
            assert_same_run(left[key], right[key], f"{path}[{key!r}]")
    elif isinstance(left, list | tuple):
        assert len(left) == len(right), path
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            assert_same_run(one, other, f"{path}[{index}]")
    else:
        assert left == right, path


class StoreSuite:
    """Behaviours of a store, whatever its database; needs a fixture `location`."""

    @pytest.fixture
    def store(self, location: Location) -> Iterator[Store]:
        """The store under test, closed afterwards."""
        with Store.open(location.url, folder=location.folder) as store:
            yield store

    @pytest.fixture
    def untouched(self, location: Location) -> Location:
        """A place where no store was ever made."""
        return location

    def test_gives_back_what_was_stored(self, store: Store) -> None:
        """Every field of a Run comes back equal, arrays with dtype and shape."""
        run = sample_run("a1")
        store.accept(run)
        assert_same_run(store.run("a1"), run)

    def test_gives_back_a_run_with_nothing_in_it(self, store: Store) -> None:
        """Empty samples, items and trace come back empty."""
        run = Run("a1", sample_plan(), sample_environment(), "aborted", "2026-03-01T12:00:00Z")
        store.accept(run)
        assert_same_run(store.run("a1"), run)

    def test_accepts_the_first_and_supersedes_later_ones(self, store: Store) -> None:
        """One accepted Run for a Plan and environment; the others are kept."""
        assert store.accept(sample_run("a1"))
        assert not store.accept(sample_run("a2"))
        digest, fingerprint = sample_plan().digest, sample_environment().fingerprint
        assert store.finished(digest, fingerprint) == "a1"
        states = {each.id: each.acceptance for each in store.runs()}
        assert states == {"a1": "accepted", "a2": "superseded"}
        assert_same_run(store.run("a2"), sample_run("a2"))

    def test_a_run_that_replaces_is_accepted_in_place_of_the_one_before(self, store: Store) -> None:
        """The former Run is kept as superseded; other plans and environments are left alone."""
        elsewhere = sample_environment(threads="8")
        store.accept(sample_run("other-plan", plan=sample_plan(seed=1)))
        store.accept(sample_run("elsewhere", environment=elsewhere))
        store.accept(sample_run("a1"))
        assert store.accept(sample_run("a2"), replaces=True)
        assert not store.accept(sample_run("a3"))
        states = {each.id: each.acceptance for each in store.runs()}
        assert states == {
            "other-plan": "accepted",
            "elsewhere": "accepted",
            "a1": "superseded",
            "a2": "accepted",
            "a3": "superseded",
        }

    def test_a_run_that_does_not_count_never_replaces_one_that_does(self, store: Store) -> None:
        """A disturbed rerun is kept as superseded."""
        counts = sample_run("a1")
        broken = (dataclasses.replace(counts.conditions[0], holds=False),)
        unsound = dataclasses.replace(sample_run("a2"), conditions=broken)
        store.accept(counts)
        assert not store.accept(unsound, replaces=True)
        assert store.finished(counts.plan.digest, counts.environment.fingerprint) == "a1"
        assert store.accept(sample_run("a3"), replaces=True)
        assert store.finished(counts.plan.digest, counts.environment.fingerprint) == "a3"

    def test_a_run_that_replaces_nothing_is_accepted(self, store: Store) -> None:
        """There need not be a Run before it."""
        assert store.accept(sample_run("a1"), replaces=True)

    @pytest.mark.parametrize("status", ["failed", "aborted"])
    def test_an_unfinished_run_replaces_nothing(self, store: Store, status: Status) -> None:
        """A result that was accepted is not lost to a failure."""
        store.accept(sample_run("a1"))
        assert not store.accept(sample_run("a2", status=status), replaces=True)
        assert store.finished(sample_plan().digest, sample_environment().fingerprint) == "a1"

    def test_a_replacement_that_cannot_be_stored_demotes_nothing(self, store: Store) -> None:
        """Demoting and accepting are one transaction."""
        store.accept(sample_run("a1"))
        with pytest.raises(StoreError):
            store.accept(sample_run("a1", queries=9), replaces=True)
        assert store.finished(sample_plan().digest, sample_environment().fingerprint) == "a1"

    def test_accepts_one_for_each_plan_and_environment(self, store: Store) -> None:
        """Another Plan or environment has its own accepted Run; load alone makes no difference."""
        assert store.accept(sample_run("a1"))
        assert store.accept(sample_run("a2", plan=sample_plan(seed=1)))
        assert store.accept(sample_run("a3", environment=sample_environment(threads="8")))
        assert not store.accept(sample_run("a4", environment=sample_environment(load=9.0)))

    @pytest.mark.parametrize("status", ["failed", "aborted"])
    def test_keeps_unfinished_runs_but_accepts_none(self, store: Store, status: Status) -> None:
        """A failed Run does not stand in the way of a finished one."""
        failed = sample_run("a1", status=status)
        assert not store.accept(failed)
        assert store.finished(failed.plan.digest, failed.environment.fingerprint) is None
        assert store.runs()[0].error == "the mock broke"
        assert store.accept(sample_run("a2"))

    def test_refuses_an_id_twice(self, store: Store) -> None:
        """A stored Run is never overwritten."""
        first = sample_run("a1")
        store.accept(first)
        with pytest.raises(StoreError) as caught:
            store.accept(sample_run("a1", queries=9))
        assert caught.value.what == "run 'a1' is already stored"
        assert_same_run(store.run("a1"), first)

    def test_finds_a_run_by_the_beginning_of_its_id(self, store: Store) -> None:
        """A beginning is enough when it is unique; otherwise the candidates are named."""
        for run_id in ("aa10", "aa11", "bb20"):
            store.accept(sample_run(run_id))
        assert store.run("bb").id == "bb20"
        with pytest.raises(StoreError) as ambiguous:
            store.run("aa")
        assert ambiguous.value.what == "'aa' is the beginning of 2 run ids"
        assert ambiguous.value.fix == "give more of it: aa10 or aa11"
        with pytest.raises(StoreError) as unknown:
            store.run("bb3")
        assert unknown.value.what == "there is no run 'bb3'"
        assert unknown.value.fix.startswith("did you mean bb20")

    def test_lists_newest_first_and_filters(self, store: Store) -> None:
        """Filters combine; `limit` keeps the newest."""
        store.accept(sample_run("old", started_utc="2026-01-01T00:00:00Z"))
        other = sample_plan(model="large")
        store.accept(sample_run("new", plan=other, started_utc="2026-02-01T00:00:00Z"))
        store.accept(sample_run("bad", status="failed", started_utc="2026-03-01T00:00:00Z"))
        found = {
            "all": RunFilter(),
            "model": RunFilter(model="large"),
            "version": RunFilter(model="tiny@1.2.0", framework="mock@0.3.1"),
            "other version": RunFilter(model="tiny@2.0.0"),
            "status": RunFilter(status="failed", dataset="squares", task="image_classification"),
            "since": RunFilter(since="2026-02-01", scenario="online"),
            "before": RunFilter(before="2026-02-01"),
            "limit": RunFilter(limit=1),
        }
        assert {name: [run.id for run in store.runs(each)] for name, each in found.items()} == {
            "all": ["bad", "new", "old"],
            "model": ["new"],
            "version": ["bad", "old"],
            "other version": [],
            "status": ["bad"],
            "since": ["bad", "new"],
            "before": ["old"],
            "limit": ["bad"],
        }

    def test_summaries_hold_what_listings_show(self, store: Store) -> None:
        """Names, versions, counts and metrics come from the database alone."""
        store.accept(sample_run("a1"))
        (summary,) = store.runs()
        assert (summary.model, summary.model_version) == ("tiny", "1.2.0")
        assert (summary.samples, summary.items, summary.is_valid) == (4, 3, True)
        assert summary.metrics == sample_run("a1").metrics

    def test_deletes_a_run_and_frees_its_plan(self, store: Store) -> None:
        """A deleted Run is gone with its files, and its Plan can finish again."""
        store.accept(sample_run("a1"))
        assert store.delete("a") == "a1"
        assert store.runs() == []
        assert not (store.location.folder / "runs" / "a1").exists()
        assert (store.size().plans, store.size().environments) == (0, 0)
        assert store.accept(sample_run("a1"))

    def test_keeps_partial_results_until_a_run_finishes(self, store: Store) -> None:
        """A failed Run leaves them, a finished one removes them."""
        folder = store.partial_folder(sample_plan().digest)
        (folder / "batch-1.json").write_text("{}")
        store.accept(sample_run("a1", status="failed"))
        assert (store.partial_folder(sample_plan().digest) / "batch-1.json").exists()
        store.accept(sample_run("a2"))
        assert not folder.exists()

    def test_knows_its_environments_and_plans(self, store: Store) -> None:
        """Both come back by digest, the environment without what is volatile."""
        store.accept(sample_run("a1"))
        environment = sample_environment()
        stored = store.environment(environment.fingerprint)
        assert stored == dataclasses.replace(environment, volatile={})
        assert store.plan(sample_plan().digest) == sample_plan()
        with pytest.raises(StoreError, match="there is no environment 'f00d'"):
            store.environment("f00d")

    def test_exports_and_imports(self, store: Store, tmp_path: Path) -> None:
        """Another store accepts the same Runs; importing again changes nothing."""
        for run_id in ("b", "a"):
            store.accept(sample_run(run_id))
        assert store.export(tmp_path / "shared", ["a", "b"]) == ("b", "a")
        with Store.open(tmp_path / "other") as other:
            assert other.import_(tmp_path / "shared") == ("b", "a")
            assert_same_run(other.run("a"), sample_run("a"))
            states = {each.id: each.acceptance for each in other.runs()}
            assert states == {"b": "accepted", "a": "superseded"}
        assert store.import_(tmp_path / "shared") == ()

    def test_survives_being_opened_again(self, store: Store) -> None:
        """What one opening stored, the next reads."""
        store.accept(sample_run("a1"))
        with Store.open(store.location.url, folder=store.location.folder) as again:
            assert_same_run(again.run("a1"), sample_run("a1"))

    def test_threads_agree_on_one_accepted_run(self, store: Store) -> None:
        """Of Runs stored at the same time in threads, each Plan has exactly one accepted."""
        barrier = threading.Barrier(2)
        threads = [
            threading.Thread(target=_race, args=(store, name, barrier)) for name in ("x", "y")
        ]
        _start_and_join(threads)
        _assert_one_accepted_each(store)

    def test_processes_agree_on_one_accepted_run(self, untouched: Location) -> None:
        """Of Runs stored at the same time by processes that create the store, one is accepted."""
        # Each is a fork of one process that has imported what they need, and nothing else.
        fresh = multiprocessing.get_context("forkserver")
        fresh.set_forkserver_preload([__name__, "dlscope.store.migrations.upgrade"])
        barrier = fresh.Barrier(2)
        processes = [
            fresh.Process(target=_race_in_process, args=(untouched, name, barrier))
            for name in ("x", "y")
        ]
        _start_and_join(processes)
        assert [process.exitcode for process in processes] == [0, 0]
        with Store.open(untouched.url, folder=untouched.folder) as store:
            _assert_one_accepted_each(store)


def _race_in_process(location: Location, name: str, barrier: Any) -> None:
    barrier.wait()
    with Store.open(location.url, folder=location.folder) as store:
        _race(store, name, barrier)


def _race(store: Store, name: str, barrier: Any) -> None:
    for seed in range(_RACES):
        run = sample_run(f"{name}{seed}", plan=sample_plan(seed=seed))
        barrier.wait()
        store.accept(run)


def _start_and_join(workers: list[Any]) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _assert_one_accepted_each(store: Store) -> None:
    runs = store.runs()
    assert len(runs) == 2 * _RACES
    accepted = [run.plan_digest for run in runs if run.acceptance == "accepted"]
    assert len(accepted) == len(set(accepted)) == _RACES
    for run in runs:
        assert store.run(run.id).id == run.id


def _samples(queries: int) -> Samples:
    start = 7_000_000_000 + np.arange(queries, dtype=np.int64) * 1_000_003
    ok = np.arange(queries) % 3 != 2
    sample = np.arange(queries, dtype=np.int32)[::-1].copy()
    user = np.zeros(queries, dtype=np.int32)
    return Samples(start, start + 11, start + 900_017, ok, sample, user)


def _items() -> tuple[ItemResult, ...]:
    outputs = {
        "scores": np.linspace(-1, 1, 10, dtype=np.float32),
        "mask": np.array([[True, False]]),
        "count": np.array(3, dtype=np.int64),
    }
    prediction = {"index": 4, "label": "gemüse", "probability": 0.1, "top": [[4, 0.1], [2, 0.05]]}
    return (
        ItemResult("0001.png", prediction, 4, outputs=outputs),
        ItemResult("0002.png", None, {"label": 2}, error="cannot be decoded"),
        ItemResult("0003.png", {"mask": np.eye(2, dtype=np.uint8)}, None),
    )


def _trace() -> Trace:
    return Trace(
        (
            Span(1, 0, Level.APPLICATION, "request", 7_000_000_000, 7_000_900_000),
            Span(2, 1, Level.MODEL, "predict", 7_000_000_100, 7_000_800_000, "launch", 5, {"b": 1}),
            Span(
                *(3, 2, Level.LAYER, "Conv", 7_000_000_200, 7_000_700_000, "execution", 5),
                {"op": "Conv", "flop": 1.5e9, "fused": False, "index": 0},
            ),
        )
    )
