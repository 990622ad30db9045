from __future__ import annotations

import torch

from dlscope.training.average import ParameterAverage


def moved(module: torch.nn.Module, value: float) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(value)


def test_the_average_follows_slowly() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    moved(module, 0.0)
    average = ParameterAverage(module, decay=0.5)
    moved(module, 1.0)
    average.update()
    with average.applied() as smoothed:
        assert smoothed.weight.item() == torch.tensor(1 - 2 / 11).item()
    assert module.weight.item() == 1.0


def test_counters_are_taken_over_as_they_are() -> None:
    module = torch.nn.BatchNorm1d(1)
    average = ParameterAverage(module)
    module(torch.zeros(2, 1))
    average.update()
    assert average.state_dict()["average"]["num_batches_tracked"].item() == 1


def test_goes_on_from_its_state() -> None:
    module = torch.nn.Linear(1, 1)
    first, second = ParameterAverage(module), ParameterAverage(module)
    moved(module, 3.0)
    first.update()
    second.load_state_dict(first.state_dict())
    moved(module, 5.0)
    first.update()
    second.update()
    assert torch.equal(
        first.state_dict()["average"]["weight"], second.state_dict()["average"]["weight"]
    )
