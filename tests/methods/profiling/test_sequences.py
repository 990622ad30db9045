from __future__ import annotations

import numpy as np

from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.methods.profiling.sequences import Part, Sequences, align


def parts(*shapes: str, name: str = "gemm") -> tuple[Part, ...]:
    return tuple(Part(name, "gemm", shape) for shape in shapes)


def test_what_comes_first_is_counted_by_name() -> None:
    sequence = (Part("gemm"), Part("relu"), Part("gemm"))
    assert Sequences().places("model", sequence) == (0, 0, 1)


def test_a_namesake_that_is_missing_moves_no_other() -> None:
    sequences = Sequences()
    assert sequences.places("model", parts("8", "16", "32")) == (0, 1, 2)
    assert sequences.places("model", parts("16", "32")) == (1, 2)
    assert sequences.places("model", parts("8", "32")) == (0, 2)
    assert sequences.places("model", parts("8", "16", "32")) == (0, 1, 2)


def test_what_is_new_takes_the_next_place_and_is_known_from_then_on() -> None:
    sequences = Sequences()
    sequences.places("model", parts("8", "32"))
    assert sequences.places("model", parts("8", "16", "32")) == (0, 2, 1)
    assert sequences.places("model", parts("16", "32")) == (2, 1)


def test_a_type_or_a_shape_sets_namesakes_apart_and_an_order_too() -> None:
    sequences = Sequences()
    sequence = (Part("a", "Conv", "8"), Part("x"), Part("a", "Relu", "8"))
    assert sequences.places("model", sequence) == (0, 0, 1)
    assert sequences.places("model", sequence[2:]) == (1,)
    assert sequences.places("model", (Part("x"), Part("a", "Conv", "8"))) == (0, 2)


def test_each_parent_has_a_sequence_of_its_own() -> None:
    sequences = Sequences()
    sequences.places("layer 1", parts("8", "16"))
    assert sequences.places("layer 2", parts("16")) == (0,)


def trace(*iterations: list[dict[str, str]]) -> Trace:
    spans = [
        Span(1, UNRESOLVED, Level.LIBRARY, "gemm", 0, 1, iteration=number, attributes=attributes)
        for number, told in enumerate(iterations)
        for attributes in told
    ]
    return Trace(spans)


def test_places_in_a_trace_follow_the_shapes_that_its_spans_tell() -> None:
    told = trace([{"problem": "m8"}, {"output_shape": "1x8"}], [{"output_shape": "1x8"}])
    places = np.array([0, 1, 0])
    rows = [np.array([0, 1]), np.array([2])]
    assert align(told, "model", rows, places, Sequences(), is_even=False)
    assert places.tolist() == [0, 1, 1]


def test_where_all_iterations_are_alike_the_first_tells_of_all() -> None:
    told = trace([{"problem": "m8"}], [{"problem": "m9"}])
    places = np.zeros(2, dtype=np.int64)
    rows = [np.array([0]), np.array([1])]
    assert not align(told, "model", rows, places, Sequences(), is_even=True)
    assert places.tolist() == [0, 0]


def test_an_even_part_of_a_trace_is_aligned_with_an_earlier_one() -> None:
    sequences = Sequences()
    sequences.places("model", (Part("gemm", "", "m8"), Part("gemm", "", "m9")))
    told = trace([{"problem": "m9"}], [{"problem": "m9"}])
    places = np.zeros(2, dtype=np.int64)
    rows = [np.array([0]), np.array([1])]
    assert align(told, "model", rows, places, sequences, is_even=True)
    assert places.tolist() == [1, 1]
