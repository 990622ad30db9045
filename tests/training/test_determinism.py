from __future__ import annotations

import torch

from dlscope.training.determinism import reproducible


def test_the_same_seed_gives_the_same_numbers() -> None:
    drawn = []
    for _ in range(2):
        with reproducible(7):
            drawn.append(torch.randn(3).tolist())
    assert drawn[0] == drawn[1]


def test_all_is_as_before_afterwards() -> None:
    torch.manual_seed(0)
    expected = torch.randn(2).tolist()
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    with reproducible(1, threads=1):
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        torch.randn(5)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.randn(2).tolist() == expected
