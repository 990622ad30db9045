"""Options that the commands which measure models share: the load, the setting, the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import typer

from dlscope.cli.asking import ADDRESS, HOOKS, RERUN, SCHEDULER, options_asked, scenario_asked
from dlscope.cli.output import STORE


@final
@dataclass(frozen=True)
class Load:
    """The scenario, and what is changed of it."""

    scenario: str = typer.Option("online", "--scenario", "-s", help="Scenario by name or manifest.")
    batch_size: list[int] = typer.Option(
        None, "--batch-size", help="Items per query; repeat for a sweep."
    )
    pipeline: str = typer.Option(None, "--pipeline", help="preloaded, sequential or stream.")
    mode: str = typer.Option(None, "--mode", help="submission, performance, accuracy or find_peak.")
    min_duration_ms: float = typer.Option(
        None, "--min-duration-ms", help="Measure at least this long."
    )
    min_queries: int = typer.Option(None, "--min-queries", help="Measure at least so many queries.")
    rate_qps: float = typer.Option(
        None, "--rate-qps", help="Queries per second of an open-loop scenario."
    )
    latency_bound_ms: float = typer.Option(
        None, "--latency-bound-ms", help="What the percentile must not exceed."
    )
    loadgen: str = typer.Option(
        None, "--loadgen", help="native, or mlperf for the genuine LoadGen."
    )
    field: list[str] = typer.Option(
        None, "--set", help="Another field of the scenario, users=8 or settings.user_conf=FILE."
    )

    def asked(self) -> dict[str, Any]:
        """The scenario as the library takes it."""
        changes = {**vars(self)}
        return scenario_asked(changes.pop("scenario"), changes.pop("field"), **changes)


@final
@dataclass(frozen=True)
class Setting:
    """What each measurement runs with."""

    threads: int = typer.Option(
        None, "--threads", help="Threads per prediction; default: all cores."
    )
    device: str = typer.Option(
        None, "--device", help="cpu or gpu, for backends that have a choice."
    )
    memory_limit: str = typer.Option(
        None, "--memory-limit", help="Most resident memory of a worker: 1GiB."
    )
    items: int = typer.Option(None, "--items", help="Only the first so many items.")
    repeats: int = typer.Option(1, "--repeats", help="Independent processes per point.")
    stack: str = typer.Option(
        "auto", "--stack", help="Where frameworks run: auto, isolated, or current for those here."
    )

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            "options": options_asked(threads=self.threads, device=self.device),
            "memory_limit": self.memory_limit,
            "items": self.items,
            "repeats": self.repeats,
            "stack": self.stack,
        }


@final
@dataclass(frozen=True)
class Place:
    """Who carries measurements out, and where they are kept."""

    allow_hooks: list[str] = HOOKS
    rerun: bool = RERUN
    scheduler: str = SCHEDULER
    address: str = ADDRESS
    store: str = STORE

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {**vars(self), "allow_hooks": self.allow_hooks or ()}
