from __future__ import annotations

import ast
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.backends.isolated import worker
from dlscope.loadgen.stop_rule import StopRule

SOURCE = Path(worker.__file__).read_text(encoding="utf-8")
STANDARD = {
    *("__future__", "array", "contextlib", "ctypes", "importlib", "json", "os", "pathlib"),
    *("platform", "signal", "struct", "sys", "time", "typing"),
}
FRAMEWORKS = {"numpy", "onnxruntime", "openvino", "mxnet", "tensorflow", "jax", "torch"}


def rule(**changes: int | None) -> dict[str, int | None]:
    names = ("min_queries", "min_duration_ns", "max_queries", "max_duration_ns")
    told: dict[str, int | None] = dict.fromkeys(names, 0)
    return {**told, "queries": 0, "first_ns": None, "round_ns": 10**12, **changes}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_is_written_for_python_3_7() -> None:
    ast.parse(SOURCE, feature_version=(3, 7))
    called = {node.attr for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint(
        {"removeprefix", "removesuffix", "cache", "bit_count", "is_relative_to"}
    )


def test_needs_nothing_but_the_standard_library_numpy_and_a_framework() -> None:
    tree = ast.parse(SOURCE)
    assert imported(tree) <= STANDARD | FRAMEWORKS
    at_once = ast.Module([each for each in tree.body if "mport" in type(each).__name__], [])
    assert imported(at_once) <= STANDARD


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(1, 30),
    st.integers(0, 30),
)
def test_ends_when_the_stop_rule_of_the_parent_would(a, b, c, d, queries, elapsed_ns) -> None:
    told = rule(min_queries=a, min_duration_ns=b, max_queries=c, max_duration_ns=d)
    assert worker.is_over(told, queries, elapsed_ns) == StopRule(a, b, c, d).ends(
        queries, elapsed_ns
    )


def test_a_loop_answers_in_the_order_asked_until_the_rule_ends() -> None:
    fed: list[int] = []
    columns = worker.timed_loop(fed.append, {0: [10], 1: [20, 21]}, [1, 0, 1], rule(min_queries=2))
    assert fed == [20, 21, 10]
    assert (columns["ended"], list(columns["ok"])) == (True, [1, 1])
    times = [*zip(columns["issued"], columns["completed"], strict=True)]
    assert all(began <= over for began, over in times)
    assert times[0][1] <= times[1][0]


def test_a_query_that_fails_does_not_end_the_loop(capsys: pytest.CaptureFixture[str]) -> None:
    def predict(fed: int) -> None:
        if fed == 1:
            raise RuntimeError("no such kernel")

    columns = worker.timed_loop(predict, {0: [0], 1: [1]}, [0, 1, 0], rule(min_queries=3))
    assert list(columns["ok"]) == [1, 0, 1]
    assert capsys.readouterr().err == "query failed: no such kernel\n"


def test_a_round_ends_without_the_run_and_goes_on_counting() -> None:
    told = rule(min_queries=5, round_ns=0, queries=3, first_ns=1)
    columns = worker.timed_loop(lambda _: None, {0: [0]}, [0, 0, 0], told)
    assert (columns["ended"], len(columns["ok"])) == (False, 1)
    columns = worker.timed_loop(lambda _: None, {0: [0]}, [0, 0, 0], {**told, "queries": 4})
    assert columns["ended"]


def test_an_answer_tells_what_was_raised() -> None:
    answer, tensors = worker.answered(worker.Answers(), {"do": "predict"}, {})
    assert answer["error"] == {"kind": "KeyError", "what": "'model'"}
    assert tensors == ()


def test_nothing_more_to_read_is_no_request() -> None:
    assert worker.Channel(io.BytesIO(b"\0\0"), io.BytesIO()).receive() is None


def test_an_output_is_sent_row_by_row() -> None:
    ((name, value),) = worker.plain([("y", np.arange(6).reshape(2, 3).T)])
    assert name == "y"
    assert value.flags.c_contiguous
