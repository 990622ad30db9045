from __future__ import annotations

import pytest

from dlscope.devices.whole_units import whole_units


@pytest.mark.parametrize(
    ("amount", "units"), [(0.0, 0), (0.355, 1), (3.0, 3), (810.0000000001, 810), (84.5, 85)]
)
def test_part_of_a_unit_takes_a_whole_one(amount: float, units: int) -> None:
    assert whole_units(amount) == units
