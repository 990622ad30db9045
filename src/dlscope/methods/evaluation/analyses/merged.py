"""What several Runs of one model say alike, told once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from dlscope.core.run import Run

_Told = TypeVar("_Told", bound=Hashable)


class Merged(NamedTuple, Generic[_Told]):
    """The first `run` that says `told`, and how many say it."""

    run: Run
    told: _Told
    runs: int


def merged(told: Iterable[tuple[Run, _Told]]) -> Iterator[Merged[_Told]]:
    """Runs of one model, framework and data set that say the same, in the order of the first.

    A sweep of batches asks the same items at every size, and is nearly always told the same.
    """
    found: dict[Hashable, Merged[_Told]] = {}
    for run, each in told:
        plan = run.plan
        framework = (plan.framework.name, plan.framework.version)
        key = (plan.model.identity, *framework, plan.dataset.identity, each)
        first = found.get(key, Merged(run, each, 0))
        found[key] = first._replace(runs=first.runs + 1)
    return iter(found.values())
