from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.adaptation.options import LIGHT
from dlscope.methods.adaptation.recipes import RECIPES, all_rows, in_order


def test_a_row_comes_after_the_one_that_it_starts_from():
    assert in_order(["sim_st", "source", "adv_stuff_inst"]) == (
        "adv_stuff_inst",
        "sim_st",
        "source",
    )


def test_an_unknown_row_is_refused_with_the_nearest():
    with pytest.raises(PlanError) as refused:
        in_order(["adv_stuf"])
    assert str(refused.value) == (
        "PlanError: there is no row 'adv_stuf'\n  where  rows\n  fix    did you mean adv_stuff?"
    )


def test_only_the_oracle_sees_true_labels():
    assert [name for name, each in RECIPES.items() if each.labels == "true"] == ["oracle"]


def test_statistics_are_a_row_where_the_network_keeps_some():
    assert "adabn" not in all_rows("sceneseg_lite")
    assert all_rows("deeplabv2_resnet101") == tuple(RECIPES)


def test_the_online_rows_go_on_from_sim_and_the_source_may_be_trained_as_long():
    assert in_order(["online_inst"]) == ("adv_stuff_inst", "online_inst")
    assert RECIPES["source_long"].is_long
    assert RECIPES["source_long"].weights(LIGHT).sees_target is False
