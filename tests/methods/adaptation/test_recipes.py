from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.adaptation.recipes import RECIPES, in_order


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
