from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlscope.catalog.assets import fetch
from dlscope.core.errors import DataError
from dlscope.core.plan import Plan
from dlscope.methods.profiling.feeds import feeds_of

MakePlan = Callable[..., Plan]
ABSENT = "pkg:no-such-distribution==1.0#data"


def _without_files(plan: Plan) -> Plan:
    """`plan` with a data set whose files are not here."""
    dataset = plan.dataset.model_copy(update={"source": ABSENT, "sha256": "0" * 64})
    return plan.model_copy(update={"dataset": dataset})


def _feeds(plan: Plan) -> tuple[dict[str, Any], str]:
    feeds = feeds_of(plan, fetch(plan.model))
    return feeds.arrays, feeds.note


def test_the_first_item_is_in_every_place_of_the_batch(plan: MakePlan) -> None:
    arrays, note = _feeds(plan("reference", batch_size=2))
    assert note == ""
    assert arrays["x"].shape == (2, 3, 8, 8)
    np.testing.assert_array_equal(arrays["x"][0], arrays["x"][1])


def test_without_the_files_numbers_are_drawn_from_the_seed(plan: MakePlan) -> None:
    absent = _without_files(plan("reference", batch_size=2))
    arrays, note = _feeds(absent)
    assert (arrays["x"].shape, arrays["x"].dtype) == ((2, 3, 8, 8), np.float32)
    np.testing.assert_array_equal(arrays["x"], _feeds(absent)[0]["x"])
    assert note.startswith("inputs are drawn from the seed: ")
    assert "no-such-distribution" in note


def test_a_free_size_needs_an_item(plan: MakePlan) -> None:
    absent = _without_files(plan("reference"))
    free = absent.model.inputs[0].model_copy(update={"shape": ("N", 3, None, 8)})
    model = absent.model.model_copy(update={"inputs": (free,)})
    with pytest.raises(DataError, match="no-such-distribution"):
        feeds_of(absent.model_copy(update={"model": model}), fetch(absent.model))
