from __future__ import annotations

import numpy as np
import pytest

from dlscope.backends.base import TensorSpec
from dlscope.backends.narrowed import narrowed
from dlscope.core.errors import BackendError

SPEC = TensorSpec("ids", "int64", (None, 2))


@pytest.mark.parametrize("number", [-(2**31), 2**31 - 1])
def test_what_fits_is_the_same_number(number: int) -> None:
    array = narrowed(np.full((1, 2), number, np.int64), SPEC, "int32", "mine")
    assert array.dtype == np.int32
    assert (array == number).all()


@pytest.mark.parametrize("number", [-(2**31) - 1, 2**31])
def test_what_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(BackendError) as caught:
        narrowed(np.full((1, 2), number, np.int64), SPEC, "int32", "mine")
    assert caught.value.describe() == (
        "BackendError: input 'ids' has a number beyond int32, in which mine holds int64\n"
        "  where  mine\n"
        "  fix    feed smaller numbers, or choose another backend"
    )


def test_it_is_a_contiguous_copy() -> None:
    fed = np.arange(6.0, dtype=np.float32).reshape(2, 3)[:, ::-1]
    array = narrowed(fed, TensorSpec("x", "float32", (None, 3)), "float32", "mine")
    assert array.flags.c_contiguous
    assert not np.shares_memory(array, fed)
    np.testing.assert_array_equal(array, fed)


def test_nothing_fits_anywhere() -> None:
    assert narrowed(np.zeros((0, 2), np.int64), SPEC, "int32", "mine").shape == (0, 2)
