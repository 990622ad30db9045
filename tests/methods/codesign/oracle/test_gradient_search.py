from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

from dlscope.methods.codesign.oracle.gradient_search import (
    PUBLISHED,
    GradientSettings,
    descend,
    without_hardware,
)


def test_a_gradient_finds_designs_far_better_than_most(small, small_instance) -> None:
    design = descend(small_instance, GradientSettings(steps=60), 0).design()
    assert design in [small.design(rank) for rank in range(len(small.values) // 4)]


@pytest.mark.parametrize("settings", [GradientSettings(steps=5), replace(PUBLISHED, steps=5)])
def test_the_same_seed_goes_the_same_way(small_instance, settings) -> None:
    first, second = (descend(small_instance, settings, 4) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = descend(small_instance, settings, 5)
    assert settings.mode == "soft" or not (other.theta == first.theta).all()


def test_a_search_without_hardware_keeps_the_widest_bits_and_equal_lanes(small_instance) -> None:
    found = descend(small_instance, without_hardware("soft", 10), 0)
    assert found.design().precisions == (2, 2)
    assert found.pf.unique().numel() == 1
