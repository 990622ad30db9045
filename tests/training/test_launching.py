from __future__ import annotations

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.launching import launched


def test_a_module_and_its_optimizer_are_set_up_and_trained() -> None:
    fabric = launched("cpu")
    module = torch.nn.Linear(2, 1)
    before = module.weight.detach().clone()
    wrapped, optimizer = fabric.setup(module, torch.optim.SGD(module.parameters(), lr=0.1))
    fabric.backward(wrapped(torch.ones(1, 2)).sum())
    optimizer.step()
    assert torch.allclose(module.weight, before - 0.1)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="there is no GPU that torch can use"):
        launched("gpu")
    assert launched("auto").device.type == "cpu"
