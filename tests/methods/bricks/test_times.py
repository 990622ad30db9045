from __future__ import annotations

from pathlib import Path

import numpy as np
from brick_models import chain_model, fork_model, graph_of
from exact_process import ExactProcess
from hand_made_times import NULL_HOT_NS, NULL_NS, SESSION_NS, VIEW_NS, layers_ns

from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.rows import Conditions, rows_of
from dlscope.methods.bricks.suite import Suite, runtime_here
from dlscope.methods.bricks.times import times_of

FILES = {"chain": Path("chain.onnx"), "fork": Path("fork.onnx")}


def both() -> Suite:
    graphs = [("chain", graph_of(chain_model())), ("fork", graph_of(fork_model()))]
    return cut_models(graphs, 1, cut="executed", runtime=runtime_here())


def rows(suite: Suite, protocol: Protocol, number: int = 0, exact: ExactProcess | None = None):
    walked = (exact or ExactProcess())(suite, protocol, FILES)
    return rows_of(walked, Conditions(suite, protocol, "here", number))


def test_rows_become_what_is_known_of_each_brick() -> None:
    suite = both()
    (times,) = times_of(rows(suite, Protocol(min_rounds=3)))
    for name, brick in suite.bricks.items():
        found = times.bricks[name, ""]
        np.testing.assert_array_equal(found.walk, [layers_ns(brick) + SESSION_NS] * 3)
        assert (found.null_ns, found.null_hot_ns, found.view_ns) == (NULL_NS, NULL_HOT_NS, VIEW_NS)
        assert found.hot_ns == layers_ns(brick) + NULL_HOT_NS
        assert found.touch_ns == layers_ns(brick) + SESSION_NS
        assert found.opened_ns == 1e6
        assert found.evidence


def test_processes_are_in_the_order_of_their_numbers() -> None:
    suite = both()
    several = [row for number in (2, 0, 1) for row in rows(suite, Protocol(), number)]
    assert [times.process for times in times_of(several)] == [0, 1, 2]


def test_in_the_scope_of_a_model_each_has_its_own() -> None:
    suite = both()
    (times,) = times_of(rows(suite, Protocol(scope="model")))
    chain, fork = suite.models
    relu = next(name for name, brick in suite.bricks.items() if brick.label == "Relu")
    assert times.of(relu, chain) is times.bricks[relu, chain.whole]
    assert times.of(relu, fork) is times.bricks[relu, fork.whole]
    assert times.of(relu, chain) is not times.of(relu, fork)


def test_a_brick_without_a_time_has_none() -> None:
    suite = both()
    (times,) = times_of(rows(suite, Protocol()))
    assert times.of("unknown", suite.models[0]) is None


def test_a_whole_model_has_rounds_with_before_and_after() -> None:
    suite = both()
    (times,) = times_of(rows(suite, Protocol(min_rounds=4)))
    for model in suite.models:
        assert times.wholes[model.whole].shape == (4, 2)
        assert times.opened[model.whole] == 2e6
        assert times.are_paired(model)


def test_bricks_of_another_process_under_the_same_number_are_not_paired() -> None:
    suite = both()
    exact = ExactProcess()
    first = rows(suite, Protocol(), 0, exact)
    add = next(name for name, brick in suite.bricks.items() if brick.label == "Add")
    later = [row for row in rows(suite, Protocol(), 0, exact) if row.key.brick_id == add]
    kept = [row for row in first if row.key.brick_id != add]
    (times,) = times_of([*kept, *later])
    chain, fork = suite.models
    assert times.are_paired(chain)
    assert not times.are_paired(fork)


def test_a_brick_that_has_a_time_did_not_fail() -> None:
    suite = both()
    name = next(iter(suite.bricks))
    failed = rows(suite, Protocol(), 0, ExactProcess(broken={name}))
    (times,) = times_of(failed)
    assert times.failed == {name: "it is broken"}
    (times,) = times_of([*failed, *rows(suite, Protocol())])
    assert times.failed == {}


def test_nothing_measured_is_no_process() -> None:
    assert times_of([]) == []
