"""Searches where the best design is known: `baselines`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report


def baselines(
    names: Sequence[str] = (),
    *,
    space: str = "oracle",
    evaluations: int = 600,
    seeds: int = 5,
    told: Told = tell_nobody,
) -> Report:
    """Ways to search, by name and by default all, on the oracle space called `space`.

    Each may look at as many designs as the others, `seeds` times. Raises `SearchError` for an
    unknown name or space.
    """
    from dlscope.methods.codesign.oracle.report import baselines_report

    return baselines_report(names, space=space, evaluations=evaluations, seeds=seeds, told=told)
