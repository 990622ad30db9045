from __future__ import annotations

import pytest
import torch

from dlscope.methods.codesign.searching.epoch_figures import Clock, Means, RandomState


def test_a_mean_is_over_the_steps_that_had_the_figure() -> None:
    means = Means()
    for figures in ({"a": 1.0}, {"a": 3.0, "b": 5.0}):
        means.add(figures)
    assert means.of_all() == {"a": 2.0, "b": 5.0}
    assert means.last("a") == [1.0, 3.0]
    assert means.last("c") == []
    assert means.of_all() == {"a": 2.0, "b": 5.0}


def test_an_interrupted_epoch_does_not_count() -> None:
    clock = Clock()
    with clock:
        pass
    with pytest.raises(KeyboardInterrupt), clock:
        raise KeyboardInterrupt
    assert len(clock.elapsed_ns) == 1
    other = Clock()
    other.load_state_dict(clock.state_dict())
    with other:
        pass
    assert other.elapsed_ns[0] == clock.elapsed_ns[0] <= other.elapsed_ns[1]


def test_a_generator_goes_on_where_it_was() -> None:
    generator = torch.Generator().manual_seed(3)
    torch.rand(5, generator=generator)
    kept = RandomState(generator).state_dict()
    expected = torch.rand(2, generator=generator)
    other = torch.Generator()
    RandomState(other).load_state_dict(kept)
    assert torch.equal(torch.rand(2, generator=other), expected)
