from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from brick_models import chain_model, fork_model, graph_of

from dlscope.graph.brick import Brick
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.bricks import walker
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.sessions import Bound, Sessions
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.walk import walks_of

WEIGHTS = 4 * 4 * 3 * 3 * 4


def both() -> Suite:
    graphs = [("chain", graph_of(chain_model())), ("fork", graph_of(fork_model()))]
    return cut_models(graphs, 1, cut="authored", runtime="none")


class Recorder:
    """Stands for sessions of ONNX Runtime: executing one writes its name into the log."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def bound(self, name: str) -> Bound:
        return Bound(self, name, (np.ones(1, np.float32),))

    def run_with_iobinding(self, name: str, _: None) -> None:
        self.log.append(name)

    def open(self, *_: Any) -> tuple[Recorder, int]:
        return self, 1

    def read(self, count: int) -> None:
        self.log.append(f"{count} bytes")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder()

    class Memory:
        def __init__(self, *_: Any) -> None:
            return

        def bind(self, _session: Any, brick: Brick, _step: Any) -> Bound:
            return found.bound(brick.label)

    def timed(bound: Bound) -> tuple[int, int]:
        found.log.append(f"timed {bound.binding}")
        return len(found.log), 0

    monkeypatch.setattr(walker, "Memory", Memory)
    monkeypatch.setattr(walker, "timed_once", timed)
    monkeypatch.setattr(
        walker, "null_sessions", lambda _, count: [found.bound(f"null {n}") for n in range(count)]
    )
    monkeypatch.setattr(walker, "whole_model", lambda _, path: (found.bound(path), 1))
    monkeypatch.setattr(walker, "ColdMemory", lambda _: found)
    return found


def logged(recorder: Recorder, taken_ns: Any) -> Any:
    def timed(bound: Bound) -> tuple[int, int]:
        recorder.log.append(f"timed {bound.binding}")
        return taken_ns(), taken_ns()

    return timed


def timed(*names: str) -> list[str]:
    return [f"timed {name}" for name in names]


def other_model() -> Any:
    graph = GraphBuilder("other")
    x = graph.input("x", "float32", (1, 4, 4, 4))
    graph.output(graph.node("Sigmoid", [x], output="y"), "float32", (1, 4, 4, 4))
    return graph.finish()


def opened(suite: Suite, protocol: Protocol, sessions: Any, **models: str) -> walker._Process:
    return walker._Process(suite, protocol, sessions, walks_of(suite, protocol), models)


def test_each_timed_walk_follows_an_untimed_one_between_two_runs_of_the_model(recorder) -> None:
    protocol = Protocol(min_rounds=1, max_seconds=0, null_every=3, nulls=2)
    process = opened(both(), protocol, recorder, chain="CHAIN", fork="FORK")
    found = process.walk(lambda _: None)
    assert recorder.log == [
        *("CHAIN", "timed CHAIN"),
        *("Conv", "Relu"),
        f"{WEIGHTS} bytes",
        *("timed Conv", "timed Relu"),
        *("CHAIN", "timed CHAIN"),
        *("FORK", "timed FORK"),
        *("Sigmoid", "null 1", "Add"),
        f"{WEIGHTS} bytes",
        *("timed Sigmoid", "timed null 1", "timed Add"),
        *("FORK", "timed FORK"),
    ]
    assert found["null"][0, :, 0].astype(bool).tolist() == [False, False, True, False]
    assert found["walk"][0, :, 0].tolist() == sorted(found["walk"][0, :, 0])
    assert (found["whole"][0, :, 0, 0] < found["whole"][0, :, 1, 0]).all()


def test_nulls_follow_other_bricks_in_each_round(recorder) -> None:
    protocol = Protocol(min_rounds=4, max_seconds=0, null_every=2)
    found = opened(both(), protocol, recorder).walk(lambda _: None)
    places = [list(np.flatnonzero(row)) for row in found["null"][..., 0]]
    assert places == [[1, 3], [0, 2], [1, 3], [0, 2]]


def test_a_model_whose_bricks_are_all_another_ones_is_timed_at_the_end(recorder) -> None:
    graph = graph_of(chain_model())
    graphs = [("one", graph), ("two", graph_of(chain_model(seed=9)))]
    suite = cut_models(graphs, 1, cut="authored", runtime="none")
    protocol = Protocol(min_rounds=1, max_seconds=0, null_every=99)
    opened(suite, protocol, recorder, one="ONE", two="TWO").walk(lambda _: None)
    assert recorder.log[-4:] == ["TWO", "timed TWO", "TWO", "timed TWO"]


def test_there_are_as_many_rounds_as_asked_for(recorder) -> None:
    told: list[Any] = []
    protocol = Protocol(min_rounds=6, max_seconds=0)
    found = opened(both(), protocol, recorder).walk(told.append)
    assert len(found["walk"]) == 6
    assert [each["round"] for each in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1]["share"] == 1.0


def test_walking_ends_when_the_total_is_known(recorder, monkeypatch) -> None:
    monkeypatch.setattr(walker, "timed_once", lambda _: (1000, 1000))
    found = opened(both(), Protocol(min_rounds=3, max_seconds=1e9), recorder).walk(lambda _: None)
    assert len(found["walk"]) == 3


def test_walking_goes_on_while_the_total_is_not_known(recorder, monkeypatch) -> None:
    taken = iter([*range(1000, 21000, 1000), *[10_000] * 100_000])
    monkeypatch.setattr(walker, "timed_once", lambda _: (next(taken), 0))
    found = opened(both(), Protocol(min_rounds=3, max_seconds=1e9), recorder).walk(lambda _: None)
    totals = found["walk"][..., 0].sum(axis=1)

    def error(rounds: int) -> float:
        return (
            1.96 * 1.2533 * totals[:rounds].std(ddof=1) / rounds**0.5 / np.median(totals[:rounds])
        )

    assert len(totals) > 3
    assert error(len(totals)) <= 0.01 < error(len(totals) - 1)


QUICK = Protocol(is_quick=True, min_rounds=2, max_seconds=1e9, null_every=99)


def test_a_quick_round_of_a_model_that_caches_hold_is_like_any_other(recorder, monkeypatch) -> None:
    monkeypatch.setattr(walker, "timed_once", logged(recorder, lambda: 1000))
    opened(both(), QUICK, recorder).walk(lambda _: None)
    assert recorder.log[:5] == ["Conv", "Relu", f"{WEIGHTS} bytes", "timed Conv", "timed Relu"]


def test_a_quick_round_of_a_model_that_no_cache_holds_passes_over_enough(
    recorder, monkeypatch
) -> None:
    monkeypatch.setattr(walker, "timed_once", logged(recorder, lambda: 1000))
    monkeypatch.setattr(walker, "far_bytes", lambda: 2000)
    opened(both(), QUICK, recorder).walk(lambda _: None)
    # Four bricks: three of one input and one of two, 256 bytes each, as many results, weights.
    passed = 9 * 256 + WEIGHTS
    round_ = [f"{2000 - passed} bytes", *timed("Conv", "Relu", "Sigmoid", "Add")]
    assert recorder.log == [*round_, *round_]


def test_a_quick_process_goes_on_with_the_bricks_of_models_that_are_not_known(
    recorder, monkeypatch
) -> None:
    wild = iter([*range(1000, 9000, 1000), *[10_000] * 10_000])

    def taken(bound: Bound) -> tuple[int, int]:
        found = next(wild) if bound.binding == "Sigmoid" else 1000
        return found, found

    monkeypatch.setattr(walker, "timed_once", taken)
    found = opened(both(), QUICK, recorder).walk(lambda _: None)
    timed = (found["walk"][..., 1] > 0).sum(axis=0)
    assert timed.tolist() == [len(found["walk"])] * 4  # both models have the first two
    alone = cut_models([("chain", graph_of(chain_model()))], 1, cut="authored", runtime="none")
    other = cut_models([("other", graph_of(other_model()))], 1, cut="authored", runtime="none")
    joined = alone.with_models_of(other)
    wild = iter([*range(1000, 9000, 1000), *[10_000] * 10_000])
    found = opened(joined, QUICK, recorder).walk(lambda _: None)
    assert (found["walk"][..., 1] > 0).sum(axis=0).tolist() == [2, 2, len(found["walk"])]
    assert len(found["walk"]) > 2


def test_a_quick_process_ends_when_its_time_is_over(recorder, monkeypatch) -> None:
    wild = iter(range(1000, 10**9, 1000))
    monkeypatch.setattr(walker, "timed_once", lambda _: (next(wild), next(wild)))
    protocol = Protocol(is_quick=True, min_rounds=2, max_seconds=0)
    assert len(opened(both(), protocol, recorder).walk(lambda _: None)["walk"]) == 2


@pytest.mark.parametrize(("layer_ns", "is_felt"), [(10_000, True), (10_000_000, False)])
def test_views_are_looked_at_by_a_quick_process_only_where_they_are_felt(
    recorder, monkeypatch, layer_ns, is_felt
) -> None:
    monkeypatch.setattr(walker, "timed_once", lambda _: (layer_ns, layer_ns))
    monkeypatch.setattr(walker, "view_costs", lambda *_: np.ones((6, 2)))
    process = opened(both(), QUICK, recorder)  # the chain is flattened at the end
    process.walk(lambda _: None)
    found = process.beside()
    assert found["view"].tolist() == ([[1.0, 1.0]] * 6 if is_felt else [[0.0, 0.0]])
    assert found["hot"].shape == found["touch"].shape == (0, 4, 2)
    assert found["null_hot"].shape == (walker.HOT_RUNS, QUICK.nulls, 2)


def test_hot_is_each_brick_over_and_over(recorder) -> None:
    found = opened(both(), Protocol(nulls=2), recorder).hot()
    assert recorder.log[: walker.HOT_WARMUP] == ["Conv"] * walker.HOT_WARMUP
    runs = [each for each in recorder.log if each == "timed Conv"]
    assert len(runs) == walker.HOT_RUNS
    assert found["hot"].shape == (walker.HOT_RUNS, 4, 2)
    assert found["null_hot"].shape == (walker.HOT_RUNS, 2, 2)
    assert (np.diff(found["hot"][:, 0, 0]) == 1).all()


def test_touching_writes_inputs_just_before_each_brick(recorder) -> None:
    process = opened(both(), Protocol(), recorder)
    found = process.touched()
    assert found["touch"].shape == (walker.TOUCHED_ROUNDS, 4, 2)
    assert recorder.log[:4] == ["timed Conv", "timed Relu", "timed Sigmoid", "timed Add"]
    assert process._bound[0].arrays[0] == (-1) ** walker.TOUCHED_ROUNDS


def broken_suite() -> Suite:
    """Of two bricks, one of an operator that there is not."""
    suite = cut_models([("chain", graph_of(chain_model()))], 1, cut="authored", runtime="none")
    plain = json.dumps(suite.to_json())
    conv = next(name for name, brick in suite.bricks.items() if brick.label == "Conv")
    spoiled = json.loads(plain.replace('"op_type": "Conv"', '"op_type": "Conf"'))
    new = Brick.from_json(spoiled["bricks"][conv]).id
    return Suite.from_json(json.loads(json.dumps(spoiled).replace(conv, new)))


def test_a_brick_that_cannot_be_opened_is_left_out_and_told() -> None:
    sessions = Sessions(threads=1, is_shared_arena=False)
    protocol = Protocol(nulls=1, min_rounds=2, max_seconds=0)
    process = opened(broken_suite(), protocol, sessions)
    ((_, reason),) = process.failed.items()
    assert reason.startswith("ONNX Runtime refuses it: ")
    assert "Conf" in reason
    assert [label for _, label, _ in process.listing()] == [process.items[0].brick]
    assert process.walk(lambda _: None)["walk"].shape[1:] == (1, 2)


def test_every_brick_may_fail() -> None:
    suite = broken_suite()
    conv = {name for name, brick in suite.bricks.items() if brick.label == "Conf"}
    protocol = Protocol(nulls=1, min_rounds=2)
    sessions = Sessions(threads=1, is_shared_arena=False)
    process = walker._Process(suite, protocol, sessions, walks_of(suite, protocol, conv), {})
    assert set(process.failed) == conv
    assert process.walk(lambda _: None)["walk"].shape == (2, 0, 2)
    assert process.hot()["hot"].shape == (walker.HOT_RUNS, 0, 2)
    assert process.touched()["touch"].shape == (walker.TOUCHED_ROUNDS, 0, 2)


def test_numbers_that_repetition_drove_away_are_made_ordinary_again() -> None:
    graph = graph_of(fork_model())
    suite = cut_models([("fork", graph)], 1, cut="authored", runtime="none")
    sessions = Sessions(threads=1, is_shared_arena=False)
    process = opened(suite, Protocol(nulls=1), sessions)
    place = next(n for n, item in enumerate(process.items) if item.in_place)
    array = process._bound[place].arrays[0]
    for odd in (0.0, 1e-30, 1e30, np.inf):
        array[...] = odd
        process._refresh()
        assert 1e-6 < np.abs(array).max() < 1e6
    before = array.copy()
    process._refresh()
    np.testing.assert_array_equal(array, before)
