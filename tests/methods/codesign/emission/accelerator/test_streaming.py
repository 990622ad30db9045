from __future__ import annotations

import re

import pytest

from dlscope.methods.codesign.emission.accelerator.streaming import streaming_source

LANES = (2, 8, 4, 8, 4, 2, 8)


@pytest.fixture(scope="module")
def text(integers) -> str:
    return streaming_source(integers, LANES, "pipelined").files["accelerator.cpp"]


def test_each_stage_says_what_it_is_and_what_it_takes(text) -> None:
    assert (
        "// b0.depthwise: depthwise 3x3/1 8->8 on 6x6, 6 bit; 4 channels, 648 cycles\n"
        "static void s2_b0_depthwise(" in text
    )


def test_lanes_that_were_searched_are_in_the_pragmas(text) -> None:
    assert "#pragma HLS ARRAY_PARTITION variable=rows.place cyclic factor=4 dim=3" in text
    assert "for (int o = 0; o < 8; o += 4)" in text


def test_what_waits_for_a_sum_has_its_depth(text) -> None:
    assert re.search(r"#pragma HLS STREAM variable=s0_stem_out_to_3\w* depth=\d+", text)


def test_a_stage_waits_inside_its_loop_only_where_it_must(integers) -> None:
    waiting = "// its trips are too few to fetch what the next place needs"
    wide = streaming_source(integers, (1, 1, 1, 1, 1, 1, 1), "pipelined")
    assert waiting not in wide.files["accelerator.cpp"]
