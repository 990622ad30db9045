from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import StoreError
from dlscope.store.plain import from_text, to_text

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_PLAIN)
def test_plain_data_survives(value: Any) -> None:
    assert from_text(to_text(value, where="here")) == value


def test_numbers_of_numpy_become_numbers() -> None:
    assert from_text(to_text([np.int64(3), np.float32(0.5), np.bool_(True)], where="")) == [
        3,
        0.5,
        True,
    ]
    assert math.isnan(from_text(to_text(math.nan, where="")))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.array(2.5, dtype=np.float16),
        np.empty((0, 4), dtype=np.int64),
        np.array(["ab", "ü"]),
        np.array([1.5, -2], dtype=ml_dtypes.bfloat16),
        np.array([True, False]),
    ],
)
def test_arrays_survive_with_dtype_and_shape(array: np.ndarray[Any, Any]) -> None:
    found = from_text(to_text({"mask": array}, where=""))["mask"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)
    found.flags.writeable = True


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"ab", "bytes b'ab'"),
        ({"x": {1, 2}}, "set {1, 2}"),
        (np.array([None, "x"], dtype=object), "an array of object cannot be stored"),
        ({(1, 2): 3}, "keys must be str, int, float, bool or None, not tuple"),
    ],
)
def test_refuses_what_is_not_plain(value: Any, reason: str) -> None:
    with pytest.raises(StoreError) as caught:
        to_text(value, where="item 'a'")
    assert str(caught.value) == (
        f"StoreError: a value is not plain data: {reason}\n"
        "  where  item 'a'\n"
        "  fix    use numbers, strings, booleans, None, lists, mappings with string keys and arrays"
    )
