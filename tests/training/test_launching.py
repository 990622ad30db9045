from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.launching import Place, device_of, launched


def test_a_module_and_its_optimizer_are_set_up_and_trained() -> None:
    fabric = launched("cpu")
    module = torch.nn.Linear(2, 1)
    before = module.weight.detach().clone()
    wrapped, optimizer = fabric.setup(module, torch.optim.SGD(module.parameters(), lr=0.1))
    fabric.backward(wrapped(torch.ones(1, 2)).sum())
    optimizer.step()
    assert torch.allclose(module.weight, before - 0.1)


@pytest.mark.parametrize("place", ["cuda", "gpu"])
@pytest.mark.parametrize("start", [launched, device_of])
def test_a_gpu_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, place: Place, start: Callable[[Place], Any]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError) as refused:
        start(place)
    assert str(refused.value) == (
        "TrainingError: there is no GPU that torch can use\n"
        "  where  dlscope.training\n"
        "  fix    train on the cpu, or install a build of torch for your GPU"
    )


def test_auto_takes_the_processor_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert launched("auto").device.type == device_of("auto").type == device_of("cpu").type == "cpu"
