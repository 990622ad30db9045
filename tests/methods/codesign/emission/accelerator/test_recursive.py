from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.accelerator.recursive import recursive_source

LANES = (4, 4, 4, 4, 4, 4, 4)


def test_one_engine_for_each_kind_of_layer(integers) -> None:
    text = recursive_source(integers, LANES).files["accelerator.cpp"]
    engines = [line for line in text.splitlines() if "_engine(const Step" in line]
    assert [line.split()[2].partition("_")[0] for line in engines] == [
        "conv",
        "depthwise",
        "dense",
        "pool",
    ]


def test_the_schedule_has_an_entry_for_each_layer_and_the_average(integers) -> None:
    source = recursive_source(integers, LANES)
    assert [stage.name for stage in source.stages] == [
        "stem",
        "b0.expand",
        "b0.depthwise",
        "b0.project",
        "head",
        "head.average",
        "classifier",
    ]
    assert source.files["accelerator.cpp"].count("\n    // ") == len(source.stages)


def test_maps_that_are_not_needed_together_share_memory(integers) -> None:
    text = recursive_source(integers, LANES).files["accelerator.cpp"]
    size = int(text.partition("maps[")[2].partition("]")[0])
    maps = [2 * 36, 4 * 36, 8 * 36, 8 * 36, 4 * 36]
    assert size < sum(maps)
    assert size >= 4 * 36 + 8 * 36 + 8 * 36  # the input of the block waits for the sum


def test_refuses_another_number_of_lanes(integers) -> None:
    with pytest.raises(SearchError, match="lanes are"):
        recursive_source(integers, LANES[:-1])
