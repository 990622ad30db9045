from __future__ import annotations

import pytest

from dlscope.methods.codesign.emission.accelerator.recursive import recursive_source
from dlscope.methods.codesign.emission.accelerator.source import PLAIN, Source
from dlscope.methods.codesign.emission.accelerator.streaming import streaming_source

LANES = (2, 8, 4, 8, 4, 2, 8)


@pytest.fixture(params=["pipelined", "dataflow", "recursive"])
def source(request, integers) -> Source:
    if request.param == "recursive":
        return recursive_source(integers, LANES)
    return streaming_source(integers, LANES, request.param)


def test_the_same_design_gives_the_same_bytes(source, integers) -> None:
    again = (
        recursive_source(integers, LANES)
        if source.tiling == "recursive"
        else streaming_source(integers, LANES, source.tiling)
    )
    assert source.files == again.files


def test_files_name_only_files_that_are_there(source) -> None:
    for text in source.files.values():
        for line in text.splitlines():
            if line.startswith('#include "'):
                assert line.split('"')[1] in source.files
    assert set(PLAIN) < set(source.files)


def test_no_line_ends_in_spaces_or_is_left_to_a_template(source) -> None:
    for name, text in source.files.items():
        assert "{{" not in text and "{%" not in text, name
        assert not [line for line in text.splitlines() if line != line.rstrip()], name


def test_a_pipeline_is_as_slow_as_its_slowest_stage_an_engine_as_all_layers(source) -> None:
    cycles = [stage.cycles for stage in source.stages]
    expected = sum(cycles) if source.tiling == "recursive" else max(cycles)
    assert source.interval_cycles == expected
