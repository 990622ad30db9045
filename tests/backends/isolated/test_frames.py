from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlscope.backends.isolated.frames import read_frame, write_frame
from dlscope.backends.isolated.worker import Channel

DTYPES = st.sampled_from(["float32", "float16", "int64", "int32", "uint8", "bool"])
TENSORS = st.dictionaries(
    st.text(max_size=5),
    DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0))),
    max_size=3,
)


def same(a, b) -> bool:
    return list(a) == list(b) and all(
        a[name].dtype == b[name].dtype
        and a[name].shape == b[name].shape
        and a[name].tobytes() == b[name].tobytes()
        for name in a
    )


@given(TENSORS)
def test_what_is_written_is_read(tensors) -> None:
    pipe = io.BytesIO()
    write_frame(pipe, {"do": "predict"}, tensors)
    header, read = read_frame(io.BytesIO(pipe.getvalue()))
    assert header == {"do": "predict"}
    assert same(read, tensors)


@given(TENSORS)
def test_both_ends_speak_alike(tensors) -> None:
    request, answer = io.BytesIO(), io.BytesIO()
    write_frame(request, {"do": "predict"}, tensors)
    worker = Channel(io.BytesIO(request.getvalue()), answer)
    header, received = worker.receive()
    worker.send(header, list(received.items()))
    header, read = read_frame(io.BytesIO(answer.getvalue()))
    assert header == {"do": "predict"}
    assert same(read, tensors)


def test_an_array_laid_out_otherwise_is_sent_row_by_row() -> None:
    pipe, value = io.BytesIO(), np.arange(6).reshape(2, 3).T
    write_frame(pipe, {}, {"x": value})
    np.testing.assert_array_equal(read_frame(io.BytesIO(pipe.getvalue()))[1]["x"], value)


@pytest.mark.parametrize("kept", [0, 3, -1])
def test_an_end_in_the_middle_is_no_frame(kept: int) -> None:
    pipe = io.BytesIO()
    write_frame(pipe, {}, {"x": np.ones(4)})
    assert read_frame(io.BytesIO(pipe.getvalue()[:kept])) is None
