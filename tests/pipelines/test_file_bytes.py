from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError, PlanError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.file_bytes import ByteEnds

SMALL = ByteEnds(begin=4, end=3, block=6)


def ends(data: object, step: ByteEnds = SMALL) -> list[int]:
    return step.apply(Value(data), StepContext()).data.tolist()


def test_takes_the_first_and_the_last_bytes() -> None:
    assert ends(b"abcdefgh") == [*b"abcd", *b"fgh"]


def test_a_short_file_is_filled_up_in_the_middle() -> None:
    assert ends(b"ab") == [97, 98, 256, 256, 256, 97, 98]
    assert ends(b"") == [256] * 7


def test_white_space_at_the_ends_is_passed_over_within_a_block() -> None:
    assert ends(b" \n abcdefgh\t ") == [*b"abc", 256, *b"fgh"]


def test_beyond_a_block_there_is_nothing_but_white_space() -> None:
    assert ends(b" " * 20 + b"a") == [256, 256, 256, 256, *b"  a"]
    assert ends(b"x" + b" " * 20) == [*b"x   ", 256, 256, 256]


def test_text_is_its_bytes() -> None:
    assert ends("aé") == ends("aé".encode())


def test_an_end_may_be_left_out() -> None:
    assert ends(b"abc", ByteEnds(begin=2, end=0)) == [97, 98]
    assert ends(b"abc", ByteEnds(begin=0, end=2)) == [98, 99]


@given(st.binary(max_size=40))
def test_a_file_without_white_space_is_cut_at_both_ends(data: bytes) -> None:
    data = bytes(33 + byte % 90 for byte in data)
    numbers = np.array(ends(data))
    assert bytes(numbers[:4][numbers[:4] < 256].tolist()) == data[:4]
    assert bytes(numbers[4:][numbers[4:] < 256].tolist()) == data[-3:]


def test_refuses_what_has_no_bytes() -> None:
    with pytest.raises(PlanError) as refusal:
        SMALL.infer(Spec("image", "uint8", "HWC", (2, 2, 3)))
    assert refusal.value.what == (
        "byte_ends takes encoded bytes or text, got image uint8[2, 2, 3] HWC"
    )
    with pytest.raises(DataError) as spoiled:
        ends(7)
    assert str(spoiled.value) == (
        "DataError: byte_ends takes encoded bytes, the item is int\n"
        "  where  step byte_ends\n"
        "  fix    give the content of the file, or leave the step out"
    )
