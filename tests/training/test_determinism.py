from __future__ import annotations

import warnings

import pytest
import torch

from dlscope.training.determinism import reproducible, undetermined


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


def test_tells_what_has_no_deterministic_form_and_goes_on() -> None:
    values, place = torch.zeros(4), torch.tensor([1])
    with reproducible(0), pytest.raises(RuntimeError, match="does not have a deterministic"):
        values.put_(place, torch.ones(1))
    with reproducible(0, is_strict=False), undetermined() as found:
        values.put_(place, torch.ones(1))
        values.put_(place, torch.ones(1))
        with pytest.warns(UserWarning, match="of something else"):
            warnings.warn("of something else", stacklevel=1)
    assert found == ["put_"]
    assert values.tolist() == [0, 1, 0, 0]
