"""Profiles of whole models in the benchmark database: what each kind of layer takes inside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from dlscope.agents.device_lock import device_lock
from dlscope.core.digest import digest
from dlscope.core.run import Environment
from dlscope.methods.bounds.generating import ModelBenches
from dlscope.methods.bounds.layer_times import LayerTimes, layer_times
from dlscope.methods.bounds.setups import Setup
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult

_FORM = 2
"""Raised when models are profiled in another way than before."""
_PROTOCOL_DIGITS = 16


def profile_key(
    model: ModelBenches, setup: Setup, environment: Environment, threads: int
) -> BenchmarkKey:
    """Under which a profile is stored: that of the whole model, and that it is a profile."""
    return BenchmarkKey(
        brick_id=model.whole.id,
        fingerprint=environment.fingerprint,
        implementation=setup.backend,
        implementation_version="",
        algorithm=setup.told,
        dtype="float32",
        batch=model.batch,
        threads=threads,
        state="hot",
        protocol=digest({"profile": _FORM})[:_PROTOCOL_DIGITS],
        tool_version=version("dlscope"),
    )


def measure_profile(
    model: ModelBenches,
    setup: Setup,
    key: BenchmarkKey,
    on_wait: Callable[[], None] = lambda: None,
) -> BenchmarkResult:
    """The profile as a result; its one sample is what all layers take together.

    `on_wait` is told where another measurement on this machine must end first.
    """
    with device_lock(on_wait):
        started = datetime.now(UTC).isoformat()
        found = layer_times(model.path, setup, threads=key.threads)
    return BenchmarkResult(
        key=key,
        status="ok" if found else "unsupported",
        reason="" if found else "the backend does not tell what layers take",
        samples_ns=[round(sum(found.values()))] if found else [],
        workspace_bytes=None,
        started_utc=started,
        extra={"layers": dict(found)},
    )


def layer_times_in(result: BenchmarkResult) -> LayerTimes:
    """The times of layers in a profile; nothing where the backend does not tell."""
    found: dict[str, float] = dict(result.extra.get("layers", {}))
    return found
