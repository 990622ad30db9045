"""`ParameterAverage`: the exponential moving average of the parameters of a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import torch


@final
class ParameterAverage:
    """A smoothed copy of the state of `module`: a ← d·a + (1 − d)·w after every step.

    Whole numbers, such as counters of batches, are taken over as they are. In the first steps d is
    at most (1 + n) / (10 + n) after n of them, so that the start is soon forgotten.
    """

    def __init__(self, module: Any, decay: float = 0.999) -> None:
        self._module = module
        self._decay = decay
        self._steps = 0
        self._average = {name: value.clone() for name, value in module.state_dict().items()}

    def update(self) -> None:
        """Take in the parameters as they are now."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for name, value in self._module.state_dict().items():
                kept = self._average[name]
                if value.is_floating_point():
                    kept.lerp_(value, 1 - decay)
                else:
                    kept.copy_(value)

    @contextmanager
    def applied(self) -> Iterator[Any]:
        """Within, the module has the averaged state; afterwards its own again."""
        own = {name: value.clone() for name, value in self._module.state_dict().items()}
        self._module.load_state_dict(self._average)
        try:
            yield self._module
        finally:
            self._module.load_state_dict(own)

    def state_dict(self) -> dict[str, Any]:
        """The average, to be kept in a checkpoint."""
        return {"steps": self._steps, "average": dict(self._average)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._steps = state["steps"]
        self._average = {
            name: value.to(self._average[name].device, copy=True)
            for name, value in state["average"].items()
        }
