from __future__ import annotations

from dlscope.methods.bricks.composed_model import ComposedModel, Step, Term

MODEL = ComposedModel(
    "m",
    "task",
    2,
    7,
    "w",
    {"a": 2, "b": 1},
    1,
    {"N": 2},
    (Step("a", 1, (0,), (1, 2)), Step(None, 3)),
    (0,),
    (2,),
    (Term("c", "a", 3),),
)


def test_survives_being_written_down() -> None:
    assert ComposedModel.from_json(MODEL.to_json()) == MODEL


def test_what_it_lacks_is_not_written_down() -> None:
    bare = ComposedModel("m", "", 1, 1, "", {"a": 1}, 0)
    assert set(bare.to_json()).isdisjoint({"steps", "inputs", "outputs", "differences"})
    assert ComposedModel.from_json(bare.to_json()) == bare


def test_terms_are_whole_bricks_then_differences() -> None:
    assert MODEL.terms == (Term("a", None, 2), Term("b", None, 1), Term("c", "a", 3))
    assert [term.bricks for term in MODEL.terms] == [("a",), ("b",), ("c", "a")]


def test_a_window_and_its_overlap_both_occur() -> None:
    assert MODEL.occurrences() == {"a": 2 + 3, "b": 1, "c": 3}
