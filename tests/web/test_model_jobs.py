from __future__ import annotations

import pydantic
import pytest

from dlscope.core.report import Report
from dlscope.core.table import Column, Table
from dlscope.web.model_jobs import BoundsSettings, BricksSettings, is_known


def test_only_what_is_given_is_asked() -> None:
    assert BoundsSettings(threads=2, seconds=0.1).options() == {"threads": 2, "seconds": 0.1}
    assert BricksSettings().options() == {}


@pytest.mark.parametrize("given", [{"threads": 0}, {"batch_size": 5000}, {"seconds": 0}, {"x": 1}])
def test_what_is_out_of_bounds_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        BoundsSettings.model_validate(given)


def test_a_model_is_known_once_its_table_has_rows() -> None:
    column = Column("model", "str", "model")
    empty, full = Table("bounds", (column,)), Table("bounds", (column,), (("m",),))
    assert not is_known("bounds", Report("T", "A."))
    assert not is_known("bounds", Report("T", "A.", tables=(empty,)))
    assert is_known("bounds", Report("T", "A.", tables=(full,)))
    assert not is_known("bricks", Report("T", "A.", tables=(full,)))
