from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dlscope.backends.base import Predictor
from dlscope.backends.reference import ReferenceBackend
from dlscope.backends.renamed import renamed
from dlscope.core.errors import FeedError, LoadError
from dlscope.testing.small_models import ModelBuilder


@pytest.fixture
def difference(tmp_path: Path) -> Iterator[Predictor]:
    """From float32 a[N, 2] and b[N, 2] to a − b as `less` and −a as `negative`."""
    model = ModelBuilder()
    model.add("Sub", "a", "b", output="less")
    model.add("Neg", "a", output="negative")
    rows = (np.float32, ["N", 2])
    outputs = {"less": rows, "negative": rows}
    path = model.save(tmp_path / "model.onnx", {"a": rows, "b": rows}, outputs)
    with ReferenceBackend().open(path) as predictor:
        yield predictor


def test_without_names_the_predictor_itself_comes_back(difference: Predictor) -> None:
    assert renamed(difference, {}) is difference


def test_feeds_and_outputs_go_by_the_new_names(difference: Predictor) -> None:
    predictor = renamed(difference, {"first": "a", "gap": "less"})
    one, two = np.ones((3, 2), np.float32), np.full((3, 2), 2, np.float32)
    outputs = predictor.predict({"first": one, "b": two})
    assert list(outputs) == ["gap", "negative"]
    np.testing.assert_array_equal(outputs["gap"], -one)
    np.testing.assert_array_equal(outputs["negative"], -one)


def test_names_may_change_places(difference: Predictor) -> None:
    predictor = renamed(difference, {"a": "b", "b": "a"})
    one, two = np.ones((1, 2), np.float32), np.full((1, 2), 2, np.float32)
    np.testing.assert_array_equal(predictor.predict({"a": one, "b": two})["less"], one)


def test_specs_are_shown_under_the_new_names(difference: Predictor) -> None:
    predictor = renamed(difference, {"first": "a", "gap": "less"})
    assert [spec.name for spec in predictor.inputs] == ["first", "b"]
    assert [spec.name for spec in predictor.outputs] == ["gap", "negative"]
    assert [str(spec) for spec in predictor.inputs] == [str(spec) for spec in difference.inputs]


def test_refusals_speak_of_the_new_names(difference: Predictor) -> None:
    predictor = renamed(difference, {"first": "a"})
    with pytest.raises(FeedError) as refusal:
        predictor.predict({"b": np.ones((1, 2), np.float32)})
    assert str(refusal.value) == (
        "FeedError: input 'first' is missing\n  where  Renamed\n  fix    feed first: float32[?, 2]"
    )


def test_closing_closes_what_is_behind_it(difference: Predictor) -> None:
    predictor = renamed(difference, {"first": "a"})
    predictor.close()
    with pytest.raises(Exception, match="predict was called after close"):
        difference.predict({})


def test_the_report_is_that_of_the_predictor(difference: Predictor) -> None:
    assert renamed(difference, {"first": "a"}).report() == difference.report()


def test_refuses_a_name_that_the_file_lacks(difference: Predictor) -> None:
    with pytest.raises(LoadError) as refusal:
        renamed(difference, {"first": "aa"})
    assert str(refusal.value) == (
        "LoadError: the file has no tensor 'aa' to be called 'first'\n"
        "  where  tensors.first\n"
        "  fix    did you mean a?"
    )


def test_refuses_one_name_for_two_tensors(difference: Predictor) -> None:
    with pytest.raises(LoadError) as refusal:
        renamed(difference, {"b": "a"})
    assert str(refusal.value) == (
        "LoadError: two tensors of the file would be called 'b'\n"
        "  where  tensors.b\n"
        "  fix    give each tensor a name of its own"
    )
