from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import GraphError
from dlscope.graph.dag import Dag
from dlscope.graph.list_schedule import list_schedule
from dlscope.graph.paths import critical_path

WEIGHED = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 9)), max_size=8)


def weighed(nodes: list[tuple[int, int]]) -> tuple[Dag[int], dict[int, int]]:
    """A mask of predecessors and a weight for each node."""
    before = {i: [j for j in range(i) if mask >> j & 1] for i, (mask, _) in enumerate(nodes)}
    return Dag.of(before, before), {i: weight for i, (_, weight) in enumerate(nodes)}


def test_the_node_with_the_heaviest_path_ahead_goes_first() -> None:
    """a is given first, but c has d behind it: so both workers are busy to the end."""
    dag = Dag.of("abcd", {"d": "c"})
    schedule = list_schedule(dag, {"a": 2, "b": 2, "c": 2, "d": 2}, workers=2)
    assert schedule.total == 4
    assert schedule.starts == {"c": 0, "a": 0, "b": 2, "d": 2}
    assert schedule.workers == {"c": 0, "a": 1, "b": 0, "d": 1}


def test_of_equal_nodes_the_first_goes_first() -> None:
    schedule = list_schedule(Dag.of("abc", {}), dict.fromkeys("abc", 3), workers=1)
    assert schedule.starts == {"a": 0, "b": 3, "c": 6}


def test_what_weighs_nothing_needs_no_worker() -> None:
    dag = Dag.of("avb", {"b": "v"})
    schedule = list_schedule(dag, {"a": 5, "v": 0, "b": 5}, workers=1)
    assert schedule.total == 10
    assert schedule.starts["v"] == 0
    assert "v" not in schedule.workers


def test_a_worker_may_have_to_wait() -> None:
    dag = Dag.of("abc", {"b": "a", "c": "b"})
    schedule = list_schedule(dag, dict.fromkeys("abc", 2), workers=3)
    assert schedule.total == 6
    assert set(schedule.workers.values()) == {0}


def test_nothing_is_done_at_once() -> None:
    assert list_schedule(Dag.of((), {}), {}, workers=2).total == 0


def test_no_workers_are_refused() -> None:
    with pytest.raises(GraphError) as refusal:
        list_schedule(Dag.of("a", {}), {"a": 1}, workers=0)
    assert str(refusal.value) == (
        "GraphError: 0 workers cannot do anything\n"
        "  where  list_schedule, workers\n"
        "  fix    give 1 or more"
    )


def test_nodes_without_a_weight_are_refused() -> None:
    with pytest.raises(GraphError, match="without a weight of at least 0: a"):
        list_schedule(Dag.of("a", {}), {}, workers=1)


@given(WEIGHED, st.integers(1, 9))
def test_a_schedule_keeps_every_promise(nodes, workers) -> None:
    dag, weights = weighed(nodes)
    schedule = list_schedule(dag, weights, workers=workers)
    ends = {node: start + weights[node] for node, start in schedule.starts.items()}
    assert set(ends) == set(dag.nodes)
    assert max(ends.values(), default=0) == schedule.total
    for node in dag.nodes:
        assert all(ends[each] <= schedule.starts[node] for each in dag.predecessors[node])
    for one, other in itertools.combinations(schedule.workers, 2):
        if schedule.workers[one] == schedule.workers[other]:
            assert ends[one] <= schedule.starts[other] or ends[other] <= schedule.starts[one]


@given(WEIGHED, st.integers(1, 4))
def test_the_total_is_within_grahams_bound(nodes, workers) -> None:
    dag, weights = weighed(nodes)
    total = list_schedule(dag, weights, workers=workers).total
    everything, path = sum(weights.values()), critical_path(dag, weights).total
    assert max(path, everything / workers) <= total
    assert workers * total <= everything + (workers - 1) * path


@given(WEIGHED)
def test_one_worker_takes_the_sum_and_enough_of_them_the_critical_path(nodes) -> None:
    dag, weights = weighed(nodes)
    assert list_schedule(dag, weights, workers=1).total == sum(weights.values())
    many = list_schedule(dag, weights, workers=len(nodes) + 1)
    ideal = critical_path(dag, weights)
    assert (many.total, many.starts) == (ideal.total, ideal.starts)
