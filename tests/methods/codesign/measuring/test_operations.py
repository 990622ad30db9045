from __future__ import annotations

import pytest
from measured_space import small_space

from dlscope.core.errors import SearchError
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.operations import (
    parts_of,
    timed_operations,
    timed_precisions,
)

FLOAT = Precision(32, 32)


def test_every_operation_is_there_once_at_each_precision() -> None:
    space = small_space(8, 32)
    found = timed_operations(space)
    at_float = [each.key[0] for each in found if each.precision == FLOAT]
    assert at_float == [
        "conv 3x3/1 1->4 on 8x8",
        "conv 1x1/1 4->8 on 8x8 + depthwise 3x3/2 8->8 on 8x8 + conv 1x1/1 8->8 on 4x4",
        "conv 1x1/1 8->16 on 4x4 + depthwise 3x3/1 16->16 on 4x4 + conv 1x1/1 16->8 on 4x4",
        "conv 1x1/1 8->8 on 4x4 + pool 4x4/4 8->8 on 4x4 + dense 1x1/1 8->3 on 1x1",
        "depthwise 3x3/2 4->4 on 8x8 + conv 1x1/1 4->8 on 4x4",
        "depthwise 3x3/1 8->8 on 4x4 + conv 1x1/1 8->8 on 4x4",
        "conv 3x3/2 4->8 on 8x8",
    ]
    assert len({each.key for each in found}) == len(found) == 2 * len(at_float)


def test_each_names_a_design_that_has_it() -> None:
    space = small_space(32)
    for each in timed_operations(space):
        assert tuple(dict(parts_of(space, each.design))[each.part]) == each.layers


def test_skipping_takes_no_time_of_its_own() -> None:
    assert all(each.layers for each in timed_operations(small_space(32)))


def test_bits_that_a_processor_does_not_compute_in_are_left_out() -> None:
    space = small_space(4, 8, 16)
    assert timed_precisions(space) == (1,)
    assert {str(each.precision) for each in timed_operations(space)} == {"8 bit"}


def test_a_space_without_a_precision_to_time_is_refused() -> None:
    with pytest.raises(SearchError) as refused:
        timed_precisions(small_space(4, 16))
    assert (refused.value.what, refused.value.where, refused.value.fix) == (
        "no precision is one that can be timed on a processor: 4 bit, 16 bit",
        "space small, quant",
        "list 8 (integers) or 32 (float32) among its bits",
    )
