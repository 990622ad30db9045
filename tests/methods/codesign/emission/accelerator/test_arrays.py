from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.emission.accelerator.arrays import (
    ConstantArray,
    arrays_of,
    packed_weights,
)
from dlscope.methods.codesign.emission.accelerator.stages import TILINGS, stages_of

LANES = (2, 8, 4, 8, 4, 2, 8)


@pytest.mark.parametrize("tiling", ["pipelined", "dataflow"])
def test_words_hold_every_weight_once_in_as_many_lanes(integers, tiling) -> None:
    for stage in stages_of(integers, LANES, TILINGS[tiling]):
        if stage.kind == "pool":
            continue
        words = packed_weights(stage)
        assert words.shape[1] == stage.simd * stage.lanes_out
        assert len(words) == stage.trips
        assert np.array_equal(np.sort(words, axis=None), np.sort(stage.layer.weights, axis=None))


def test_the_order_is_that_of_the_loops(integers) -> None:
    stem = stages_of(integers, LANES, TILINGS["pipelined"])[0]
    words, weights = packed_weights(stem), stem.layer.weights
    assert (stem.simd, stem.lanes_out) == (2, 1)
    assert words[0].tolist() == weights[0, :, 0, 0].tolist()
    assert words[1].tolist() == weights[0, :, 0, 1].tolist()
    assert words[9].tolist() == weights[1, :, 0, 0].tolist()


def test_an_array_is_told_as_cpp() -> None:
    array = ConstantArray.of("name", np.array([[1, -2], [3, 4]]))
    assert (array.bits, array.extents) == (4, "[2][2]")
    assert array.values == "{\n    {1, -2},\n    {3, 4}}"


def test_only_what_a_template_asks_for_is_there(integers) -> None:
    stages = stages_of(integers, LANES, TILINGS["pipelined"])
    names = [[array.name.removeprefix(s.id) for array in arrays_of(s)] for s in stages]
    names = [[name for name in each if name != "_sum_shifts"] for each in names]
    assert names[0] == ["_weights", "_bias", "_shifts"]
    assert names[3] == ["_weights", "_bias", "_residual_shifts", "_shifts"]
    assert names[4] == ["_weights", "_bias", "_floor", "_ceiling"]
    assert names[5] == ["_shifts"]
