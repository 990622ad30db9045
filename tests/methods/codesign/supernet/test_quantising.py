from __future__ import annotations

import pytest
import torch

from dlscope.methods.codesign.supernet.quantising import (
    InputRange,
    activation_levels,
    quantised_activations,
    quantised_weights,
    step_of,
)


def test_weights_are_multiples_of_a_step_of_each_channel() -> None:
    weights = torch.tensor([[1.0, -0.6, 0.26], [0.1, 0.02, -0.03]])
    given = quantised_weights(weights, 4)
    # steps: 1 / 7 -> 1 / 4, 0.1 / 7 -> 1 / 64
    assert given[0].tolist() == [1.0, -0.5, 0.25]
    assert (given[1] * 64).tolist() == [6.0, 1.0, -2.0]


def test_without_powers_of_two_the_largest_weight_stays() -> None:
    given = quantised_weights(torch.tensor([[0.7, -0.35]]), 4, power_of_two=False)
    assert given[0, 0].item() == pytest.approx(0.7)
    assert given[0, 1].item() == pytest.approx(-0.3)  # -3.5 steps of 0.1, half rounded up


def test_half_is_rounded_up() -> None:
    values = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
    given = quantised_activations(values, 4, torch.tensor(7.0), signed=True)
    assert given.tolist() == [1.0, 2.0, 3.0, 0.0, -1.0]


def test_what_is_beyond_the_range_is_cut_off() -> None:
    values = torch.tensor([-1.0, 3.0, 20.0])
    assert quantised_activations(values, 4, torch.tensor(15.0), signed=False).tolist() == [0, 3, 15]
    assert quantised_activations(values * 10, 4, torch.tensor(7.0), signed=True).tolist() == [
        *(-8, 7, 7),
    ]


def test_from_32_bits_on_nothing_is_rounded() -> None:
    values = torch.tensor([0.123456])
    assert quantised_weights(values, 32) is values
    assert quantised_activations(values, 32, torch.tensor(1.0), signed=False) is values


def test_the_gradient_passes_where_nothing_is_cut_off() -> None:
    values = torch.tensor([-1.0, 3.2, 20.0], requires_grad=True)
    quantised_activations(values, 4, torch.tensor(15.0), signed=False).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 1.0, 0.0]


def test_more_bits_are_nearer() -> None:
    weights = torch.randn(8, 16, generator=torch.Generator().manual_seed(1))
    errors = [(quantised_weights(weights, b) - weights).abs().max().item() for b in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-4


def test_levels_of_one_bit_are_still_levels() -> None:
    assert activation_levels(1, signed=False) == (0, 1)
    assert activation_levels(1, signed=True) == (-1, 1)


def test_a_channel_of_zeros_stays_zero() -> None:
    assert quantised_weights(torch.zeros(2, 3), 8).abs().max() == 0


def test_a_step_is_the_next_power_of_two() -> None:
    assert step_of(torch.tensor(6.0), 255).item() == 2**-5
    assert step_of(torch.tensor(255 / 64), 255).item() == 2**-6


def test_a_range_is_set_by_the_first_batch_and_follows_slowly() -> None:
    limits = InputRange(signed=False)
    limits(torch.tensor([2.0]), 8)
    limits(torch.tensor([3.0]), 8)
    assert limits.largest.item() == pytest.approx(2.01)
    limits.freeze()
    limits(torch.tensor([9.0]), 8)
    assert limits.largest.item() == pytest.approx(2.01)


def test_a_range_stays_outside_of_training() -> None:
    limits = InputRange().eval()
    limits(torch.tensor([2.0]), 8)  # the first is needed to round anything
    limits(torch.tensor([9.0]), 8)
    assert limits.largest.item() == 2.0


def test_a_range_that_knows_no_sign_looks() -> None:
    limits = InputRange()
    assert limits(torch.tensor([-1.0, 1.0]), 4).tolist() == [-1.0, 1.0]
    assert limits(torch.tensor([0.0, 1.0]), 4).tolist() == [0.0, 1.0]
