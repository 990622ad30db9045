"""Whether a framework and this machine can run a model; every unmet constraint by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import psutil

from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError, raise_all
from dlscope.core.manifest import (
    FrameworkManifest,
    FrameworkRequirement,
    ModelManifest,
    Reference,
    SystemManifest,
    SystemRequirement,
)
from dlscope.core.trace import Level
from dlscope.core.units import parse_bytes
from dlscope.core.version import Constraint, Version
from dlscope.stacks.system import system

_BYTES = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.+)")


def match(model: ModelManifest, reference: Reference, level: Level) -> FrameworkManifest:
    """The framework that `reference` means as it stands here, its options written out.

    Raises `PluginError` where it is missing, and `PlanError`, or `Problems`, for every
    constraint of the model or the reference that it, or this machine, does not satisfy.
    """
    backend = _backend(reference.name)
    version = Version.parse(backend.version())
    raise_all(
        [
            *_version_problems(model, reference, version),
            *_level_problems(reference.name, backend, level),
            *machine_problems(model, system(), psutil.virtual_memory().available),
            *_not_yet(model),
        ]
    )
    declared = _requirement(model, reference.name)
    options = {
        "threads": system().cpu.effective_cores,
        **(declared.options if declared else {}),
        **reference.options,
    }
    return FrameworkManifest(
        schema_version=1,
        name=reference.name,
        version=str(version),
        backend=reference.name,
        formats=tuple(sorted(backend.formats)),
        devices=backend.devices,
        levels=backend.levels,
        tolerance=backend.tolerance,
        options=backend.check(options).to_json(),
    )


def machine_problems(
    model: ModelManifest, machine: SystemManifest, available_bytes: int
) -> Iterator[PlanError]:
    """What `model` asks of a machine and `machine`, with so much memory free, does not have."""
    asked = model.system
    where = f"model {model.name}, system"
    if asked.architecture and machine.architecture not in asked.architecture:
        yield PlanError(
            f"this machine is {machine.architecture}, the model needs "
            f"{' or '.join(asked.architecture)}",
            where=f"{where}.architecture",
            fix="run it on such a machine",
        )
    missing = [name for name in asked.features if name not in machine.cpu.features]
    if missing:
        yield PlanError(
            f"this processor has no {', '.join(missing)}",
            where=f"{where}.features",
            fix="run it on a processor that has them",
        )
    if asked.memory_bytes is not None and not _satisfies(available_bytes, asked.memory_bytes):
        yield PlanError(
            f"{available_bytes / 2**30:.1f} GiB of memory are free, the model needs "
            f"{asked.memory_bytes}",
            where=f"{where}.memory_bytes",
            fix="free memory, or run it on a larger machine",
        )
    yield from _device_problems(asked, where)


def _device_problems(asked: SystemRequirement, where: str) -> Iterator[PlanError]:
    if asked.device in ("gpu", "npu"):
        yield PlanError(
            f"the model needs a {asked.device}, and the backends here run on the cpu",
            where=f"{where}.device",
            fix="set device: any to run it on the cpu",
        )
    if asked.accelerator is not None:
        yield PlanError(
            f"the model needs an accelerator of {asked.accelerator.vendor}, "
            "and the backends here run on the cpu",
            where=f"{where}.accelerator",
            fix="leave accelerator out to run it on the cpu",
        )


def _not_yet(model: ModelManifest) -> Iterator[PlanError]:
    """Parts of a manifest that this version cannot honour: refused, never ignored."""
    if model.hooks is not None:
        yield PlanError(
            "hooks are not allowed",
            where=f"model {model.name}, hooks",
            fix="express them as steps, or leave hooks out",
        )
    if model.stack is not None:
        yield PlanError(
            "isolated stacks cannot be provided yet",
            where=f"model {model.name}, stack",
            fix="leave stack out to run in the current environment",
        )


def _satisfies(size_bytes: int, constraint: str) -> bool:
    match = _BYTES.fullmatch(constraint)
    assert match is not None
    wanted = parse_bytes(match[2])
    return {
        ">=": size_bytes >= wanted,
        ">": size_bytes > wanted,
        "<=": size_bytes <= wanted,
        "<": size_bytes < wanted,
    }.get(match[1] or ">=", size_bytes == wanted)


@cache
def _backend(name: str) -> Backend:
    backend: Backend = registry.load("backends", name)()
    return backend


def _version_problems(
    model: ModelManifest, reference: Reference, version: Version
) -> Iterator[DlscopeError]:
    declared = _requirement(model, reference.name)
    if model.framework and declared is None:
        names = " or ".join(each.name for each in model.framework)
        yield PlanError(
            f"{model.name} runs on {names}, not on {reference.name}",
            where=f"model {model.name}, framework",
            fix=f"choose {names}",
        )
    constraints: Mapping[str, Any] = {"as asked": reference.version}
    if declared is not None:
        constraints = {**constraints, f"model {model.name}": declared.version}
    for who, constraint in constraints.items():
        # What is installed is asked for by "*", a pre-release included.
        if constraint != "*" and not Constraint.parse(constraint).allows(version):
            yield PlanError(
                f"{reference.name} {version} does not satisfy {constraint} ({who})",
                where=f"framework {reference.name}",
                fix=f"pip install '{reference.name}{_pip_constraint(constraint)}'",
            )


def _requirement(model: ModelManifest, name: str) -> FrameworkRequirement | None:
    return next((each for each in model.framework if each.name == name), None)


def _pip_constraint(constraint: str) -> str:
    return constraint if constraint[:1] in "=<>!" else f"=={constraint.lstrip('^~')}"


def _level_problems(name: str, backend: Backend, level: Level) -> Iterator[PlanError]:
    deepest = max(Level.named(each) for each in backend.levels)
    if level > deepest:
        yield PlanError(
            f"{name} records no deeper level than {deepest.name}",
            where="trace_level",
            fix=f"ask for {deepest.name}",
        )
