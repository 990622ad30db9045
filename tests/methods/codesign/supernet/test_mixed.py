from __future__ import annotations

import pytest
import torch

from dlscope.methods.codesign.supernet.mixed import mixed


def never() -> torch.Tensor:
    raise AssertionError("walked")


def test_sums_paths_by_their_weights() -> None:
    paths = [lambda value=value: torch.tensor([value]) for value in (1.0, 10.0, 100.0)]
    assert mixed(paths, torch.tensor([0.5, 0.25, 0.25])).item() == pytest.approx(28.0)


def test_a_path_without_weight_is_not_walked() -> None:
    weights = torch.tensor([0.0, 1.0, 0.0])
    assert mixed([never, lambda: torch.tensor(3.0), never], weights).item() == 3.0


def test_the_weight_of_the_only_path_has_a_gradient() -> None:
    weights = torch.tensor([0.0, 1.0], requires_grad=True)
    mixed([never, lambda: torch.tensor(3.0)], weights).backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == [0.0, 3.0]
