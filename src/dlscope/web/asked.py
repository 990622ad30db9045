"""What a person or a program asks to be measured, as an experiment over names of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, final

from pydantic import BaseModel, ConfigDict, Field

from dlscope import api
from dlscope.core import registry
from dlscope.core.digest import digest
from dlscope.core.errors import RequestError
from dlscope.web.machine import Machine

MOST_MODELS = 50
MOST_BACKENDS = 20
_FORBIDDEN = ("settings",)


@final
class Asked(BaseModel):
    """An evaluation: models on backends over data in a scenario, everything by name.

    A scenario is a name of the catalog, or an object that changes some fields of one. Hooks run
    only where the server was started with their digest. `metrics` are all of the task unless given.
    A `stack` other than `current` may install frameworks, so that it has to be asked for.
    """

    model_config = ConfigDict(extra="forbid")

    models: list[str] = Field(min_length=1, max_length=MOST_MODELS)
    backends: list[str] = Field(default=["onnxruntime"], min_length=1, max_length=MOST_BACKENDS)
    dataset: str | None = None
    scenario: str | dict[str, Any] = "online"
    items: int | None = Field(default=None, ge=1, le=10**7)
    repeats: int = Field(default=1, ge=1, le=100)
    threads: int | None = Field(default=None, ge=1, le=1024)
    device: Literal["cpu", "gpu"] | None = None
    memory_limit: str | None = Field(default=None, max_length=40)
    trace_level: str = Field(default="MODEL", max_length=40)
    metrics: list[str] | None = Field(default=None, max_length=40)
    rerun: bool = False
    stack: Literal["current", "auto", "isolated"] = "current"

    def experiment(self, machine: Machine) -> dict[str, Any]:
        """The experiment as plain data, its names checked against the catalog of `machine`.

        Raises `DlscopeError`, and an answer of 404 for a name that the catalog does not have:
        a server opens no file because somebody names it.
        """
        for model in self.models:
            machine.plain_name("models", model)
        if self.dataset is not None:
            machine.plain_name("datasets", self.dataset)
        for backend in self.backends:
            _check_backend(backend)
        made = api.experiment(
            self.models,
            dataset=self.dataset,
            backend=self.backends,
            scenario=_scenario(self.scenario, machine),
            items=self.items,
            options=self._options(),
            repeats=self.repeats,
            memory_limit=self.memory_limit,
            trace_level=self.trace_level,
            stack=self.stack,
        ).to_json()
        return made if self.metrics is None else {**made, "metrics": self.metrics}

    @property
    def title(self) -> str:
        """A short name for the job."""
        shown = ", ".join(self.models[:3])
        more = f" and {len(self.models) - 3} more" if len(self.models) > 3 else ""
        return f"{shown}{more} on {', '.join(self.backends[:4])}"

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked."""
        return digest(self.model_dump())

    def command(self) -> str:
        """The command that asks the same."""
        words = ["dlscope evaluate", *self.models]
        if self.dataset:
            words.append(f"--dataset {self.dataset}")
        words += [f"--backend {backend}" for backend in self.backends]
        words += _scenario_words(self.scenario)
        numbers = {"items": self.items, "threads": self.threads}
        words += [f"--{name} {value}" for name, value in numbers.items() if value is not None]
        if self.repeats > 1:
            words.append(f"--repeats {self.repeats}")
        if self.stack == "isolated":
            words.append("--stack isolated")
        return " ".join(words)

    def _options(self) -> Mapping[str, Any]:
        given = {"threads": self.threads, "device": self.device}
        return {name: value for name, value in given.items() if value is not None}


def _check_backend(name: str) -> None:
    bare = name.partition("@")[0].partition("==")[0]
    if bare not in registry.names("backends"):
        raise registry.unknown("backends", bare[:80])


def _scenario(scenario: str | dict[str, Any], machine: Machine) -> str | dict[str, Any]:
    name = scenario if isinstance(scenario, str) else scenario.get("name")
    if isinstance(name, str):
        machine.plain_name("scenarios", name)
    if isinstance(scenario, dict):
        for field in _FORBIDDEN:
            if field in scenario:
                raise RequestError(
                    f"{field!r} names files, which a server does not open",
                    where=f"scenario.{field}",
                    fix="leave it out, or use the command line",
                )
    return scenario


def _scenario_words(scenario: str | dict[str, Any]) -> Sequence[str]:
    if isinstance(scenario, str):
        return [f"--scenario {scenario}"]
    options = {"pipeline", "mode", "min_duration_ms", "min_queries", "rate_qps"}
    words = [f"--scenario {scenario['name']}"] if "name" in scenario else []
    for field, value in scenario.items():
        if field in options:
            words.append(f"--{field.replace('_', '-')} {value}")
        elif field == "batch_size":
            sizes = value if isinstance(value, list) else [value]
            words += [f"--batch-size {size}" for size in sizes]
        elif field != "name":
            words.append(f"--set {field}={value}")
    return words
