"""`EpochSteps`: the steps of an epoch; what is stopped between two of them goes on there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from dlscope.training.loop import Figures


@final
class EpochSteps:
    """Carries out the steps of an epoch; asked to stop it ends after the step at hand.

    Its state are the figures of the steps since the last whole epoch, so that with the states of
    all that a step changes it goes on with the one after. Its length is how many these are.
    """

    def __init__(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        self._should_stop = should_stop
        self._figures: list[Figures] = []

    def __len__(self) -> int:
        return len(self._figures)

    def carried_out(self, steps: range, one: Callable[[int], Figures]) -> list[Figures] | None:
        """The figures of each of `steps`, whose first ones may be done; None if stopped before."""
        for step in steps[len(self._figures) :]:
            self._figures.append(one(step))
            if step != steps[-1] and self._should_stop():
                return None
        every, self._figures = self._figures, []
        return every

    def state_dict(self) -> dict[str, Any]:
        """The figures of the steps since the last whole epoch."""
        return {"figures": [dict(each) for each in self._figures]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the steps that `state_dict` gave the figures of."""
        self._figures = [dict(each) for each in state["figures"]]
