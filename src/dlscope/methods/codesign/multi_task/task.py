"""`Task`: a network that has to run so many times a second; `Split`, what each gets of a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice, Device


@final
@dataclass(frozen=True)
class Task:
    """A network as the layers that a device is asked for, and results it owes each second."""

    name: str
    choices: tuple[Choice, ...]
    rate_per_s: float

    def __post_init__(self) -> None:
        if not 0 < self.rate_per_s < float("inf"):
            raise SearchError(
                f"task {self.name} asks for {self.rate_per_s:g} results a second",
                where="tasks",
                fix="ask for a rate above 0",
            )
        if not self.choices:
            raise SearchError(
                f"task {self.name} has no layers", where="tasks", fix="give its design"
            )


@final
@dataclass(frozen=True)
class TaskShare:
    """What a task gets: lanes of each layer, and its share of what is divided.

    It reaches so many results a second, and needs `latency_ns` from input to result.
    """

    task: Task
    lanes: tuple[int, ...]
    reached_per_s: float
    latency_ns: float
    share: float

    @property
    def slack(self) -> float:
        """Rate that is left, as a share of what is asked; below 0 where that is not reached."""
        return self.reached_per_s / self.task.rate_per_s - 1


@final
@dataclass(frozen=True)
class Split:
    """A device divided among tasks.

    `divided` says what each has a share of: time, or the scarcest resource. `resources` are what
    all take together, `memory_load` the share of its time that external memory is busy.
    """

    shares: tuple[TaskShare, ...]
    divided: str
    resources: Mapping[str, float]
    memory_load: float = 0.0

    @property
    def slack(self) -> float:
        """The least slack of all tasks."""
        return min(each.slack for each in self.shares)


def require_tasks(device: Device, tasks: Sequence[Task]) -> None:
    """Raise `SearchError` for no tasks, two of one name, and a device without lanes to divide."""
    names = [task.name for task in tasks]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if not tasks or repeated:
        what = f"two tasks are called {repeated[0]!r}" if repeated else "there are no tasks"
        raise SearchError(what, where="tasks", fix="give each task a name of its own")
    if not device.has_lanes or not device.is_differentiable or not device.budget:
        raise SearchError(
            f"device {device.name} has no lanes to divide",
            where="tasks",
            fix="use a board such as zcu102:pipelined or zcu102:recursive",
        )
