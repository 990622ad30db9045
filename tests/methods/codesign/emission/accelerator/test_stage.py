from __future__ import annotations

import pytest

from dlscope.methods.codesign.emission.accelerator.stages import pipelined, stages_of


@pytest.fixture(scope="module")
def stages(integers):
    return stages_of(integers, (2, 8, 4, 8, 4, 2, 8), pipelined)


def test_names_are_those_of_layers_and_fit_for_cpp(stages) -> None:
    assert [stage.name for stage in stages[4:]] == ["head", "head.average", "classifier"]
    assert stages[2].id == "s2_b0_depthwise"


def test_types_follow_the_grids(stages) -> None:
    assert (stages[1].reads_type, stages[1].gives_type) == (
        "Numbers<4>::Unsigned",
        "Numbers<6>::Unsigned",
    )
    assert stages[3].gives_type == "Numbers<8>::Signed"
    assert stages[3].residual_type == "Numbers<4>::Unsigned"
    assert stages[4].gives_type == stages[5].reads_type


def test_a_stage_keeps_k_plus_s_rows_and_never_fetches_over_them(stages) -> None:
    for stage in stages:
        if stage.kind == "pool":
            continue
        for row in range(stage.height_out):
            top = row * stage.stride - stage.padding[0]
            for column in range(stage.width_out):
                needed = stage.needed(row, column)
                most = min(needed + stage.lookahead, stage.height * stage.width)
                newest = (most - 1) // stage.width
                assert newest < max(top, 0) + stage.rows


def test_a_place_needs_all_up_to_the_end_of_its_window(stages) -> None:
    depthwise = stages[2]
    assert depthwise.first_needed == 6 + 2
    assert depthwise.needed(5, 5) == 36
    assert not depthwise.may_wait


def test_a_stage_that_takes_many_values_in_few_trips_may_wait(integers) -> None:
    stages = stages_of(integers, (64,) * 7, pipelined)
    assert [stage.may_wait for stage in stages if stage.kind != "pool"] == [False] * 6
