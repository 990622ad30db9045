"""Declared gaps: what a plugin cannot do, with the reason, and strict so that a fix is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest


@dataclass(frozen=True)
class Gap:
    """A test of a suite that is expected to fail with `raises`.

    `notimpl`: we have not done it yet; `notyet`: the framework cannot yet; `never`: it makes no
    sense for this plugin. A gap that has closed fails the test, so that it gets struck out.
    """

    kind: Literal["notimpl", "notyet", "never"]
    reason: str
    raises: type[BaseException] = AssertionError


def expect_gap(request: pytest.FixtureRequest, gaps: Mapping[str, Gap]) -> None:
    """Mark the requesting test as failing when `gaps` names it, with or without its parameters."""
    names: tuple[str, str] = (request.node.name, request.function.__name__)
    gap = next((gaps[name] for name in names if name in gaps), None)
    if gap is not None:
        reason = f"{gap.kind}: {gap.reason}"
        request.applymarker(pytest.mark.xfail(reason=reason, raises=gap.raises, strict=True))
