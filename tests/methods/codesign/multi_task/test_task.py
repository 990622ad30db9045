from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.multi_task.task import Split, Task, TaskShare

CHOICES = (Choice(LayerShape.dense(4, 2), Precision.of(8)),)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_cannot_be_is_refused(rate: float) -> None:
    with pytest.raises(SearchError, match="task signs asks for"):
        Task("signs", CHOICES, rate)


def test_a_task_without_layers_is_refused() -> None:
    with pytest.raises(SearchError, match="task signs has no layers"):
        Task("signs", (), 1.0)


def test_the_slack_of_a_split_is_that_of_its_worst_task() -> None:
    shares = tuple(
        TaskShare(Task(name, CHOICES, 10.0), (1,), reached, 1.0, 0.5)
        for name, reached in (("a", 15.0), ("b", 9.0))
    )
    assert Split(shares, "time", {}).slack == pytest.approx(-0.1)
