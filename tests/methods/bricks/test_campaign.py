from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from brick_models import chain_model, fork_model, graph_of
from exact_process import ExactProcess
from hand_made_times import model_ns

from dlscope.core.errors import BackendError, MeasurementError
from dlscope.methods.bricks import campaign, rows
from dlscope.methods.bricks.against import Latencies
from dlscope.methods.bricks.anonymous import anonymous
from dlscope.methods.bricks.campaign import composed, measure
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite, runtime_here
from dlscope.store import Store
from dlscope.testing.stores import sample_environment

HERE = sample_environment()
ONCE = Protocol(processes=1, min_rounds=3)
GRAPHS = {"chain": graph_of(chain_model()), "fork": graph_of(fork_model())}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "store")) as opened:
        yield opened


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> ExactProcess:
    exact = ExactProcess()
    monkeypatch.setattr(campaign, "run_process", exact)
    return exact


def cut(*names: str, granularity: int = 1, **changes) -> Suite:
    asked = {"cut": "executed", "runtime": runtime_here(), **changes}
    return cut_models([(name, GRAPHS[name]) for name in names], granularity, **asked)


def files(suite: Suite) -> dict[str, Path]:
    return {model.name: Path(f"{model.name}.onnx") for model in suite.models}


def labels(suite: Suite, bricks: set[str]) -> list[str]:
    return sorted(suite.bricks[each].label for each in bricks)


def timed(store: Store, suite: Suite, protocol: Protocol = ONCE, **more) -> int:
    return measure(suite, protocol, store.benchmarks, HERE, files(suite), **more)


def estimates(store: Store, suite: Suite, protocol: Protocol = ONCE, *names: str, **more):
    found = composed(suite, protocol, store.benchmarks, HERE.fingerprint, names, **more)
    return {each.model.name: each for each in found[1]}


@pytest.mark.parametrize("scope", ["suite", "model"])
@pytest.mark.parametrize("granularity", [1, 2, 99])
@pytest.mark.parametrize("partition", ["standard", "overlapping"])
def test_what_is_stored_composes_to_what_layers_cost(
    store, process, scope: str, granularity: int, partition: str
) -> None:
    suite = cut("chain", "fork", granularity=granularity, partition=partition)
    protocol = replace(ONCE, scope=scope, processes=2)
    timed(store, suite, protocol)
    for name, found in estimates(store, suite, protocol).items():
        assert found.composed_ns == found.measured_ns == model_ns(GRAPHS[name])
        assert found.ratio == 1
        assert found.processes == 2
        assert not any("paired" in each for each in found.assumptions)


def test_nothing_is_timed_twice(store, process) -> None:
    suite = cut("chain", "fork")
    assert timed(store, suite) == 4
    assert timed(store, suite) == 0
    assert len(process.asked) == 1


def test_more_processes_add_to_those_there_are(store, process) -> None:
    suite = cut("chain")
    timed(store, suite)
    assert timed(store, suite, replace(ONCE, processes=3)) == 2 * 2
    assert estimates(store, suite)["chain"].processes == 3


def test_an_interrupted_campaign_goes_on_where_it_was(store, process) -> None:
    suite, protocol = cut("chain"), replace(ONCE, processes=3)
    process.interrupt_at = 2
    with pytest.raises(KeyboardInterrupt):
        timed(store, suite, protocol)
    assert estimates(store, suite, protocol)["chain"].processes == 2
    assert timed(store, suite, protocol) == 2
    assert len(process.asked) == 3


def test_a_refresh_times_everything_again(store, process) -> None:
    suite = cut("chain")
    timed(store, suite)
    assert timed(store, suite, refresh=True) == 2
    assert process.asked[0] == process.asked[1]


def test_of_an_added_model_only_new_bricks_are_timed(store, process) -> None:
    suite = cut("chain")
    timed(store, suite)
    joined = suite.with_models_of(cut("fork"))
    assert timed(store, joined) == 2
    wanted, models = process.asked[-1]
    assert labels(joined, wanted) == ["Add", "Sigmoid"]
    assert models == ["fork"]
    assert timed(store, joined) == 0
    found = estimates(store, joined)
    assert found["chain"].ratio == found["fork"].ratio == 1
    assert not any("paired" in each for each in found["chain"].assumptions)
    assert found["fork"].assumptions[-1] == (
        "bricks and model were timed at different times, so the ratio is not paired"
    )


def test_whole_models_that_come_later_are_timed_among_all_bricks(store, process) -> None:
    suite = cut("chain", "fork")
    measure(suite, ONCE, store.benchmarks, HERE, {})
    assert estimates(store, suite)["chain"].measured_ns is None
    assert timed(store, suite) == 4
    assert process.asked[-1] == (set(suite.bricks), ["chain", "fork"])


def test_in_the_scope_of_a_model_bricks_are_timed_in_each(store, process) -> None:
    suite, protocol = cut("chain"), replace(ONCE, scope="model")
    timed(store, suite, protocol)
    joined = suite.with_models_of(cut("fork"))
    timed(store, joined, protocol)
    assert labels(joined, process.asked[-1][0]) == ["Add", "Conv", "Relu", "Sigmoid"]
    assert timed(store, joined, protocol) == 0
    assert estimates(store, joined, protocol)["fork"].composed_ns == model_ns(GRAPHS["fork"])


def test_suites_of_another_size_do_not_share_times(store, process) -> None:
    one, two, windows = (
        cut("chain"),
        cut("chain", granularity=2),
        cut("chain", granularity=2, partition="overlapping"),
    )
    for suite in (one, two, windows):
        assert timed(store, suite) == len(suite.bricks)
    for suite in (one, two, windows):
        assert timed(store, suite) == 0
        assert not any("paired" in each for each in estimates(store, suite)["chain"].assumptions)


def test_a_model_may_be_a_brick_of_another_suite(store, process) -> None:
    small, whole = cut("fork"), cut("fork", granularity=99)
    assert list(whole.bricks) == [small.models[0].whole]
    for suite in (small, whole, small):
        timed(store, suite)
    assert estimates(store, whole)["fork"].ratio == 1


def test_another_way_of_measuring_does_not_count(store, process) -> None:
    suite = cut("chain")
    timed(store, suite)
    assert timed(store, suite, replace(ONCE, is_planned=False)) == 2
    assert timed(store, suite, replace(ONCE, threads=2)) == 2


def test_one_thread_is_timed_on_the_cpu_clock_and_several_on_the_wall(store, process) -> None:
    suite = cut("fork")
    for threads in (1, 2):
        timed(store, suite, replace(ONCE, threads=threads))
    one, two = (
        estimates(store, suite, replace(ONCE, threads=threads))["fork"] for threads in (1, 2)
    )
    assert one.measured_ns == model_ns(GRAPHS["fork"])
    assert two.measured_ns == 2 * one.measured_ns


def test_a_brick_that_fails_leaves_its_models_incomplete(store, process) -> None:
    suite = cut("chain", "fork")
    process.broken = {name for name, brick in suite.bricks.items() if brick.label == "Sigmoid"}
    assert timed(store, suite) == 3
    (times,), found, _ = composed(suite, ONCE, store.benchmarks, HERE.fingerprint)
    assert times.failed == dict.fromkeys(process.broken, "it is broken")
    chain, fork = found
    assert chain.composed_ns == model_ns(GRAPHS["chain"])
    assert (fork.composed_ns, fork.missing) == (None, 1 / 4)


def test_a_brick_that_failed_is_tried_again(store, process) -> None:
    suite = cut("chain", "fork")
    process.broken = {name for name, brick in suite.bricks.items() if brick.label == "Sigmoid"}
    timed(store, suite)
    broken, process.broken = process.broken, set()
    assert timed(store, suite) == 1
    assert process.asked[-1] == (broken, [])
    (times,), found, _ = composed(suite, ONCE, store.benchmarks, HERE.fingerprint)
    assert times.failed == {}
    assert [each.missing for each in found] == [0, 0]


def test_an_anonymous_suite_composes_to_the_same_from_the_same_times(store, process) -> None:
    suite = cut("chain", "fork")
    timed(store, suite)
    hidden = anonymous(suite)
    assert measure(hidden, ONCE, store.benchmarks, HERE, {}) == 0
    for name, found in zip(("chain", "fork"), estimates(store, hidden).values(), strict=True):
        assert found.composed_ns == model_ns(GRAPHS[name])
        assert found.measured_ns is None


@pytest.mark.parametrize("scope", ["suite", "model"])
def test_an_anonymous_suite_is_timed_by_itself(store, process, scope: str) -> None:
    hidden, protocol = anonymous(cut("chain", "fork")), replace(ONCE, scope=scope)
    assert measure(hidden, protocol, store.benchmarks, HERE, {}) == 4
    assert measure(hidden, protocol, store.benchmarks, HERE, {}) == 0
    found = estimates(store, hidden, protocol)
    assert found["model-2"].composed_ns == model_ns(GRAPHS["fork"])


def test_refuses_what_another_version_executes(store, process) -> None:
    suite = cut("chain", runtime="onnxruntime 0.1")
    with pytest.raises(BackendError) as refused:
        timed(store, suite)
    assert str(refused.value) == (
        "BackendError: the bricks are what onnxruntime 0.1 executes, "
        f"and here is {runtime_here()}\n"
        "  where  suite\n"
        "  fix    generate it again here, or with --cut authored, which any version runs"
    )
    assert process.asked == []


def test_the_graph_as_written_runs_in_any_version(store, process) -> None:
    suite = cut("chain", cut="authored", runtime="onnxruntime 0.1")
    timed(store, suite)
    assert {each.key.implementation_version for each in store.benchmarks.rows()} == {runtime_here()}
    assert estimates(store, suite)["chain"].ratio == 1


def test_times_of_an_earlier_dlscope_do_not_count(store, process, monkeypatch) -> None:
    suite = cut("chain")
    with monkeypatch.context() as earlier:
        earlier.setattr(rows, "version", lambda _: "0.0.1")
        timed(store, suite)
    assert timed(store, suite) == 2
    assert estimates(store, suite)["chain"].processes == 1


def test_times_of_another_environment_do_not_count(store, process) -> None:
    suite = cut("chain")
    measure(suite, ONCE, store.benchmarks, sample_environment(threads="8"), files(suite))
    with pytest.raises(MeasurementError) as refused:
        estimates(store, suite)
    assert str(refused.value) == (
        "MeasurementError: no brick of the suite has a time here\n"
        "  where  benchmark database\n"
        "  fix    time them first: dlscope bricks run SUITE; what was timed with other packages, "
        "on another machine, in another scope or, if not asked for, with --quick does not count"
    )


def test_only_the_models_asked_for_are_composed(store, process) -> None:
    suite = cut("chain", "fork")
    timed(store, suite)
    assert list(estimates(store, suite, ONCE, "fork")) == ["fork"]


def test_latencies_from_elsewhere_take_the_place_of_those_among_bricks(
    store, process, tmp_path: Path
) -> None:
    suite = cut("chain", "fork")
    timed(store, suite)
    table = {"columns": [{"name": "model"}, {"name": "latency_ns"}], "rows": [["fork", 1e5]]}
    path = tmp_path / "told.json"
    path.write_text(json.dumps({"tables": {"any": table}}))
    found = estimates(store, suite, against=Latencies.load(path))
    assert found["fork"].measured_ns == 1e5
    assert found["fork"].ratio == model_ns(GRAPHS["fork"]) / 1e5
    assert found["chain"].measured_ns is None


def test_progress_tells_which_process_it_is(store, process) -> None:
    told: list[int] = []
    timed(store, cut("chain"), replace(ONCE, processes=2), progress=lambda n, _: told.append(n))
    assert told == [0, 1]


def test_progress_tells_how_many_bricks_are_timed(store, process) -> None:
    timed(store, cut("chain"))
    told: list[int] = []
    timed(store, cut("chain", "fork"), progress=lambda _, message: told.append(message["bricks"]))
    assert told == [2]


@pytest.mark.slow
def test_a_real_suite_end_to_end(store, suite, files) -> None:
    """Two tiny models from their files, in one real process, through a real store."""
    protocol = Protocol(processes=1, min_rounds=3, max_seconds=0.1)
    assert measure(suite, protocol, store.benchmarks, HERE, files) == 4
    for found in estimates(store, suite, protocol).values():
        low, high = found.interval_ns
        assert 0 < low <= found.composed_ns <= high
        assert found.ratio > 0
        assert found.measured_ns > 0
        assert found.missing == 0
        assert found.touch_ns > 0
    assert measure(suite, protocol, store.benchmarks, HERE, files) == 0
    stored = {each.brick_id for each in map(store.benchmarks.benchmark, suite.bricks)}
    assert stored == set(suite.bricks)
