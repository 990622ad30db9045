from __future__ import annotations

import pytest

from dlscope.methods.adaptation.paired import difference


@pytest.mark.parametrize(
    ("row", "against", "verdict"),
    [
        ({0: 40.0, 1: 41.0, 2: 39.5}, {0: 37.0, 1: 38.2, 2: 36.4}, "shown"),
        ({0: 40.0, 1: 36.0, 2: 39.5}, {0: 37.0, 1: 38.2, 2: 36.4}, "not shown"),
        ({0: 30.0, 1: 31.0, 2: 29.5}, {0: 37.0, 1: 38.2, 2: 36.4}, "reversed"),
        ({0: 40.0}, {0: 37.0, 1: 38.2}, "one seed"),
    ],
)
def test_a_verdict_follows_from_the_interval(row, against, verdict):
    assert difference(row, against).verdict == verdict


def test_the_interval_is_students():
    """Differences 1, 2, 3: mean 2, standard error 1/√3, t of 2 degrees 4.3027."""
    found = difference({0: 1.0, 1: 2.0, 2: 3.0}, {0: 0.0, 1: 0.0, 2: 0.0, 3: 9.0})
    assert (found.mean, found.seeds) == (2.0, 3)
    assert found.hi - found.mean == pytest.approx(4.302653 / 3**0.5, abs=1e-5)
    assert found.mean - found.lo == pytest.approx(found.hi - found.mean)


def test_without_a_seed_in_common_there_is_no_difference():
    assert difference({0: 1.0}, {1: 1.0}) is None
