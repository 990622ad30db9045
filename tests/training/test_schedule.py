from __future__ import annotations

from types import SimpleNamespace

import pytest

from dlscope.training.schedule import cosine, decayed, geometric, polynomial, set_rate


def test_a_cosine_falls_from_first_to_last() -> None:
    assert cosine(0.0, 0.05, 0.0005) == pytest.approx(0.05)
    assert cosine(1.0, 0.05, 0.0005) == pytest.approx(0.0005)
    assert cosine(0.5, 0.05, 0.0005) == pytest.approx(0.02525)


def test_a_cosine_rises_first_where_it_warms_up() -> None:
    rates = [cosine(each / 10, 1.0, warm_up=0.2) for each in range(11)]
    assert rates[:3] == pytest.approx([0.0, 0.5, 1.0])
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_a_progress_beyond_the_end_stays_at_the_last_value() -> None:
    assert cosine(1.5, 1.0, 0.1) == pytest.approx(0.1)
    assert geometric(2.0, 0.05, 0.002) == pytest.approx(0.002)
    assert polynomial(1.2, 1.0) == 0.0


def test_a_decay_ends_at_its_last_value() -> None:
    assert decayed(0, 5.0, 0.3, 0.956) == 5.0
    assert decayed(1, 5.0, 0.3, 0.956) == pytest.approx(4.78)
    assert decayed(1000, 5.0, 0.3, 0.956) == 0.3


def test_sets_the_rate_of_every_group() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}, {"lr": 2.0}])
    set_rate(optimizer, 0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]
