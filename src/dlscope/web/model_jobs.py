"""What can be asked of one model beside runs: its bounds and its bricks, known or measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, final

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from dlscope.core.report import Report
from dlscope.core.table import Table
from dlscope.web.jobs import Job, Jobs
from dlscope.web.machine import Machine

What = Literal["bounds", "bricks"]
_KNOWN_BY: Mapping[What, str] = {"bounds": "bounds", "bricks": "composition"}
_WORDS: Mapping[What, str] = {"bounds": "how far from possible?", "bricks": "rebuilt from bricks"}


MOST = 1024


class _Settings(BaseModel):
    """How a model is measured; what is not given is as the command line has it."""

    model_config = ConfigDict(extra="forbid")

    threads: int | None = Field(default=None, ge=1, le=MOST)
    batch_size: int | None = Field(default=None, ge=1, le=MOST)

    def options(self) -> dict[str, Any]:
        """What was given, in the words of the library."""
        return self.model_dump(exclude_none=True)


@final
class BricksSettings(_Settings):
    """How the bricks of a model are timed; a process walks on for `seconds` at the most."""

    seconds: float | None = Field(default=None, ge=0.01, le=600)


@final
class BoundsSettings(_Settings):
    """How the layers of a model are timed, and the backend that advice is for."""

    backend: str | None = Field(default=None, max_length=40)
    seconds: float | None = Field(default=None, ge=0.01, le=60)


Count = Annotated[int | None, Query(ge=1, le=MOST)]


def _asked_bricks(threads: Count = None, batch_size: Count = None) -> BricksSettings:
    return BricksSettings(threads=threads, batch_size=batch_size)


def _measured_bricks(
    threads: Count = None,
    batch_size: Count = None,
    seconds: Annotated[float | None, Query(ge=0.01, le=600)] = None,
) -> BricksSettings:
    return BricksSettings(threads=threads, batch_size=batch_size, seconds=seconds)


def _asked_bounds(
    threads: Count = None,
    batch_size: Count = None,
    backend: Annotated[str | None, Query(max_length=40)] = None,
    seconds: Annotated[float | None, Query(ge=0.01, le=60)] = None,
) -> BoundsSettings:
    return BoundsSettings(threads=threads, batch_size=batch_size, backend=backend, seconds=seconds)


AskedBricks = Annotated[BricksSettings, Depends(_asked_bricks)]
MeasuredBricks = Annotated[BricksSettings, Depends(_measured_bricks)]
AskedBounds = Annotated[BoundsSettings, Depends(_asked_bounds)]


def known(machine: Machine, what: What, name: str, options: Mapping[str, Any]) -> Report:
    """What the store knows of a model of the catalog.

    An answer that says so, without a table, where the store holds no benchmark at all.
    """
    model = machine.plain_name("models", name)
    return machine.known(what, model, options) if machine.has_results else _nothing(what, model)


def known_soon(
    machine: Machine, what: What, name: str, options: Mapping[str, Any]
) -> Report | None:
    """What `known` tells, or None while it is being put together: ask again."""
    model = machine.plain_name("models", name)
    if machine.has_results:
        return machine.known_soon(what, model, options)
    return _nothing(what, model)


def _nothing(what: What, model: str) -> Report:
    return Report(title=f"{model}: {_WORDS[what]}", answer="The store holds no benchmark yet.")


def submit(jobs: Jobs, machine: Machine, what: What, name: str, options: Mapping[str, Any]) -> Job:
    """The job that measures the bounds or the bricks of a model of the catalog."""
    asked = {"model": machine.plain_name("models", name), "options": dict(options)}
    return jobs.submit(asked, title=f"{what.capitalize()} of {name}", kind=what)


def is_known(what: What, report: Report) -> bool:
    """Whether anything was measured of what `report` is about."""
    tables: Sequence[Table] = [each for each in report.tables if each.name == _KNOWN_BY[what]]
    return any(len(table) for table in tables)
