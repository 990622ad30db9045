from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from brick_models import chain_model, fork_model, graph_of
from exact_process import NOT_CPU, ExactProcess
from hand_made_times import NULL_HOT_NS, NULL_NS, SESSION_NS, VIEW_NS, layers_ns

from dlscope.methods.bricks.anonymous import anonymous
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.rows import (
    Conditions,
    described,
    is_whole,
    rows_of,
    walk_of,
    whole_of,
)
from dlscope.methods.bricks.sessions import NULL
from dlscope.methods.bricks.suite import Suite, runtime_here
from dlscope.store import Store
from dlscope.testing.stores import sample_environment

HERE = sample_environment()
FILES = {"chain": Path("chain.onnx"), "fork": Path("fork.onnx")}


def both(granularity: int = 1, **changes) -> Suite:
    graphs = [("chain", graph_of(chain_model())), ("fork", graph_of(fork_model()))]
    asked = {"cut": "executed", "runtime": runtime_here(), **changes}
    return cut_models(graphs, granularity, **asked)


def found(suite: Suite, protocol: Protocol, process: ExactProcess | None = None):
    conditions = Conditions(suite, protocol, HERE.fingerprint, 4)
    walked = (process or ExactProcess())(suite, protocol, FILES)
    return rows_of(walked, conditions), conditions


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "store")) as opened:
        yield opened


def test_each_brick_has_three_rows_and_each_model_one() -> None:
    rows, _ = found(both(), Protocol())
    bricks = [row for row in rows if not is_whole(row.key)]
    assert [row.key.state for row in bricks] == ["walk", "hot", "touch"] * 4
    assert len(rows) - len(bricks) == 2


def test_a_quick_process_has_no_other_states_and_no_samples_of_what_was_known() -> None:
    suite = both()
    walked = ExactProcess()(suite, Protocol(is_quick=True, min_rounds=3), FILES)
    walked.walk[1:, 0] = 0
    nothing = np.zeros((0, len(walked.items), 2), np.int64)
    conditions = Conditions(suite, Protocol(is_quick=True), HERE.fingerprint, 0)
    rows = rows_of(replace(walked, hot=nothing, touch=nothing), conditions)
    bricks = [row for row in rows if not is_whole(row.key)]
    assert [row.key.state for row in bricks] == ["walk"] * 4
    assert [len(row.samples_ns) for row in bricks] == [1, 3, 3, 3]
    assert {row.key.protocol for row in bricks} == {Protocol(is_quick=True).digest}


def test_a_row_says_under_which_conditions_it_was_measured() -> None:
    suite = both()
    (row, *_), _ = found(suite, Protocol())
    key = row.key
    assert suite.bricks[key.brick_id].label == "Conv"
    assert (key.fingerprint, key.process) == (HERE.fingerprint, 4)
    assert (key.implementation, key.implementation_version) == ("onnxruntime", suite.runtime)
    assert (key.dtype, key.batch, key.threads) == ("float32", 1, 1)
    assert (key.scope, key.clock, key.protocol) == ("suite", "cpu", Protocol().digest)
    assert key.algorithm == "executed graph in bricks of 1"
    assert key.tool_version == version("dlscope")


def test_windows_and_the_graph_as_written_are_something_else() -> None:
    (row, *_), _ = found(both(2, partition="overlapping", cut="authored"), Protocol())
    assert row.key.algorithm == "authored graph in windows of 2"


def test_samples_are_those_of_the_clock() -> None:
    suite = both()
    for threads, factor in ((1, 1), (2, NOT_CPU)):
        (row, *_), _ = found(suite, Protocol(threads=threads))
        taken = layers_ns(suite.bricks[row.key.brick_id]) + SESSION_NS
        assert set(row.samples_ns) == {taken * factor}
        assert row.key.clock == ("cpu" if threads == 1 else "wall")
        assert row.extra == {
            "null_ns": NULL_NS * factor,
            "null_hot_ns": NULL_HOT_NS * factor,
            "view_ns": VIEW_NS,
            "wall_ns": taken * NOT_CPU,
            "opened_ns": 1_000_000,
        }


def test_what_is_overwritten_is_part_of_the_key() -> None:
    suite = both()
    rows, _ = found(suite, Protocol())
    told = {
        suite.bricks[row.key.brick_id].label: row.key.in_place
        for row in rows
        if not is_whole(row.key)
    }
    assert told == {"Conv": "", "Relu": "0<0", "Sigmoid": "0<0", "Add": "0<0"}


def test_in_the_scope_of_a_model_a_row_says_in_whose_walk() -> None:
    suite = both()
    rows, _ = found(suite, Protocol(scope="model"))
    walks = [walk_of(row.key) for row in rows if row.key.state == "walk"]
    chain, fork = (model.whole for model in suite.models)
    assert walks == [chain] * 2 + [fork] * 4


def test_a_whole_model_has_before_and_after_in_turn() -> None:
    suite = both()
    rows, conditions = found(suite, Protocol(min_rounds=3))
    whole = [row for row in rows if is_whole(row.key)]
    assert [whole_of(row.key) for row in whole] == [model.whole for model in suite.models]
    assert {row.key.algorithm for row in whole} == {conditions.beside}
    assert all(row.n == 6 for row in whole)
    assert whole[0].extra["opened_ns"] == 2_000_000


def test_a_brick_that_failed_has_a_row_with_the_reason() -> None:
    suite = both()
    broken = next(iter(suite.bricks))
    rows, _ = found(suite, Protocol(), ExactProcess(broken={broken}))
    (failed,) = [row for row in rows if row.status != "ok"]
    assert (failed.key.brick_id, failed.status, failed.reason) == (broken, "failed", "it is broken")


@pytest.mark.parametrize("scope", ["suite", "model"])
def test_rows_come_back_from_a_store_as_they_were(store, scope: str) -> None:
    suite = both()
    broken = next(name for name, brick in suite.bricks.items() if brick.label == "Add")
    rows, _ = found(suite, Protocol(scope=scope), ExactProcess(broken={broken}))
    store.benchmarks.accept(rows, environment=HERE, benchmarks=described(suite))
    stored = sorted(store.benchmarks.rows(), key=lambda row: row.id)
    assert stored == sorted(rows, key=lambda row: row.id)


def test_bricks_are_described_by_what_decides_what_is_executed(store) -> None:
    suite = both()
    told = {each.brick_id: each for each in described(suite)}
    for name, brick in suite.bricks.items():
        assert told[name].kind == "layer"
        assert told[name].canonical == brick.identity()
    assert told[NULL.id].kind == "calibration"
    wholes = [each.canonical for name, each in told.items() if name.startswith("model ")]
    assert wholes == [{"whole": model.whole, "layers": model.layers} for model in suite.models]


def test_larger_bricks_are_of_another_kind() -> None:
    kinds = {each.kind for each in described(both(2))} - {"calibration"}
    assert kinds == {"brick"}


def test_of_an_anonymous_suite_only_bricks_are_described() -> None:
    hidden = anonymous(both())
    assert {each.brick_id for each in described(hidden)} == {*hidden.bricks, NULL.id}
