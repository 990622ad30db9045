"""`ExperimentManifest`: a matrix of models, frameworks, data sets and scenarios."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveInt

from dlscope.core.manifest.base import Document, Manifest, VersionConstraint


class Reference(Document):
    """Something by name, a constraint on its version, and changes to its manifest."""

    name: str
    version: VersionConstraint = "*"
    overrides: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)

    def __str__(self) -> str:
        return self.name if self.version == "*" else f"{self.name}@{self.version}"


def parse_reference(text: str) -> dict[str, str]:
    """The fields of `name`, `name@constraint` or `name==version`."""
    name, at, version = text.partition("@")
    if at:
        return {"name": name, "version": version}
    name, equals, version = text.partition("==")
    return {"name": name, "version": f"=={version}"} if equals else {"name": name}


def _reference(value: Any) -> Any:
    return parse_reference(value) if isinstance(value, str) else value


NamedReference = Annotated[Reference, BeforeValidator(_reference)]


class DatasetReference(Reference):
    """A data set; `items` takes the first so many."""

    items: PositiveInt | None = None


class SystemSelector(Document):
    """Which machines to run on."""

    device: Literal["cpu", "gpu", "npu", "any"] = "any"
    labels: dict[str, str] = Field(default_factory=dict)


def _scenario(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Keep(Document):
    """What is stored of each run: how many predictions and outputs, and whether all samples."""

    predictions: PositiveInt | Literal["all"] = "all"
    outputs: int = Field(default=100, ge=0)
    samples: bool = True


class ExperimentManifest(Manifest):
    """What to measure against what; every pair is planned, the impossible ones reported.

    Without `datasets` each model is evaluated on the one its manifest names. `items` takes the
    first so many of each data set that does not say so itself. `memory_limit` (`1GiB`) is the
    most resident memory a worker may use; a batch that needs more is told as out of memory.

    `stack` says where frameworks run: as they are installed beside dlscope (`current`), in stacks
    of their own (`isolated`), or there only where what is asked for is not installed (`auto`).

    A scenario is a catalog name, or a mapping: `{type: batched, batch_size: [1, 2, 4]}`.
    """

    kind: Literal["experiment"] = "experiment"
    models: tuple[NamedReference, ...] = Field(min_length=1)
    frameworks: tuple[NamedReference, ...] = ()
    stack: Literal["auto", "isolated", "current"] = "auto"
    systems: tuple[SystemSelector, ...] = ()
    placement: Literal["any", "all"] | PositiveInt = "any"
    datasets: tuple[Annotated[DatasetReference, BeforeValidator(_reference)], ...] = ()
    items: PositiveInt | None = None
    scenarios: tuple[Annotated[dict[str, Any], BeforeValidator(_scenario)], ...] = (
        {"name": "online"},
    )
    trace_level: str = "MODEL"
    metrics: Literal["default"] | tuple[str, ...] = "default"
    repeats: PositiveInt = 1
    memory_limit: str | None = None
    keep: Keep = Keep()
    on_failure: Literal["continue", "stop"] = "continue"
