from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.shared_engines import (
    BundleWork,
    Coefficients,
    NetworkWork,
    fitted,
    with_control,
)

BANDWIDTH = 4e9


def networks(count, seed=0):
    draw = np.random.default_rng(seed)
    return [
        NetworkWork(
            tuple(
                BundleWork(
                    {"DW3": 144_840.0, "PW1": 64_374.0},
                    {"DW3": int(draw.integers(1, 60)), "PW1": int(draw.integers(1, 200))},
                    float(draw.uniform(1e5, 4e6)),
                )
                for _ in range(4)
            ),
            float(draw.uniform(1e5, 4e6)),
            BANDWIDTH,
        )
        for _ in range(count)
    ]


def test_without_a_fit_everything_counts_once():
    bundle = BundleWork({"DW3": 10.0, "PW1": 5.0}, {"DW3": 2, "PW1": 4}, 4e3)
    network = NetworkWork((bundle, bundle), 8e3, BANDWIDTH)
    assert network.terms_ns() == (80.0, 2000.0, 2000.0)
    assert Coefficients().latency_ns(network) == 4080.0
    assert Coefficients(control=2.0).resource({"DW3": 32.0, "PW1": 256.0}, 10.0, 5.0) == 308.0


def test_finds_the_coefficients_that_designs_were_made_with():
    made = Coefficients(0.8, 1.7, 2.5)
    several = networks(8)
    found = fitted(several, [made.latency_ns(each) for each in several])
    assert (found.overlap, found.bundle_data, found.network_data) == pytest.approx(
        (0.8, 1.7, 2.5), rel=1e-9
    )


def test_no_coefficient_is_below_0():
    several = networks(6)
    negative = Coefficients(1.0, -0.4, 1.0)
    found = fitted(several, [negative.latency_ns(each) for each in several])
    assert min(found.overlap, found.bundle_data, found.network_data) == 0.0


def test_refuses_too_few_designs_and_ones_that_are_alike():
    with pytest.raises(SearchError) as refused:
        fitted(networks(4), [1.0] * 4)
    assert str(refused.value) == (
        "SearchError: 4 networks with 4 times are too few to fit\n"
        "  where  fit of shared engines\n"
        "  fix    measure at least 5 networks"
    )
    with pytest.raises(SearchError, match="do not tell arithmetic and data apart"):
        fitted(networks(1) * 5, [1.0] * 5)


def test_control_by_what_engines_leave_over():
    known, control = [10.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 3.0, 4.0, 5.0]
    used = [a + 3 * b for a, b in zip(known, control, strict=True)]
    assert with_control(Coefficients(), used, known, control).control == pytest.approx(3.0)
    with pytest.raises(SearchError, match="do not tell what control takes"):
        with_control(Coefficients(), used[:2], known[:2], control[:2])
