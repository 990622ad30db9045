"""`PlanLabels`: short names of plans that are told together, in which they differ as plans do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import final

from dlscope.core.plan import Plan


@final
class PlanLabels:
    """The label of each of `plans`; those of one label also say in what they differ.

    That is the data set and the options of the framework, such as `threads 2`.
    """

    def __init__(self, plans: Iterable[Plan]) -> None:
        alike: dict[str, list[Plan]] = {}
        for plan in plans:
            alike.setdefault(plan.label, []).append(plan)
        self._apart = {
            plan.digest: " · ".join((label, *_apart(plan, same)))
            for label, same in alike.items()
            if len(same) > 1
            for plan in same
        }

    def of(self, plan: Plan) -> str:
        """What to call `plan`."""
        return self._apart.get(plan.digest, plan.label) if self._apart else plan.label


def _apart(plan: Plan, same: Collection[Plan]) -> Iterator[str]:
    if len({each.dataset.name for each in same}) > 1:
        yield plan.dataset.name
    options = plan.framework.options
    for name in sorted({name for each in same for name in each.framework.options}):
        if len({repr(each.framework.options.get(name)) for each in same}) > 1:
            yield f"{name} {options[name]}" if name in options else f"no {name}"
