from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import GraphError, ShapeError
from dlscope.zoo.weights import Weights

FIX = "use weights that were trained for this network, or the options that fit them"


def weights(**arrays: np.ndarray) -> Weights:
    return Weights(arrays, where="w.pth")


def test_gives_an_array_in_double_precision():
    array = weights(a=np.float16([[1, 2, 3]])).take("a", 1, None)
    assert array.dtype == np.float64
    assert array.tolist() == [[1, 2, 3]]


def test_counts_up_to_the_first_gap():
    one = np.zeros(1, np.float32)
    arrays = Weights({"l.0.w": one, "l.1.w": one, "l.3.w": one}, where="w.pth")
    assert arrays.count("l.{}.w") == 2
    assert arrays.count("m.{}.w") == 0


def test_is_finished_when_everything_was_taken_or_is_known_to_be_unused():
    arrays = weights(a=np.zeros(2, np.float32), steps=np.array(3))
    arrays.take("a", 2)
    arrays.finish(unused=lambda name: name == "steps")
    with pytest.raises(GraphError) as caught:
        arrays.finish(unused=lambda name: not name)
    assert caught.value.what == "the network has no place for the weights 'steps'"
    assert (caught.value.where, caught.value.fix) == ("w.pth", FIX)


@pytest.mark.parametrize(
    ("name", "shape", "kind", "what"),
    [
        ("b", (2,), GraphError, "the weights have no 'b'"),
        ("n", (), GraphError, "weight 'n' is int64, not floating point"),
        ("a", (3,), ShapeError, "weight 'a' is 2, the network needs 3"),
        ("a", (None, 2), ShapeError, "weight 'a' is 2, the network needs ?×2"),
        ("a", (), ShapeError, "weight 'a' is 2, the network needs a scalar"),
    ],
)
def test_refuses_what_does_not_fit(name, shape, kind, what):
    with pytest.raises(GraphError) as caught:
        weights(a=np.zeros(2, np.float32), n=np.array(3)).take(name, *shape)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, "w.pth", FIX)
