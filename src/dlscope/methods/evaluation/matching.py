"""Whether a framework and this machine can run a model; every unmet constraint by name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import psutil

from dlscope.backends.base import Backend
from dlscope.backends.isolated.backend import ISOLATED
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError, raise_all
from dlscope.core.hook_permission import HookPermission
from dlscope.core.manifest import (
    FrameworkManifest,
    FrameworkRequirement,
    ModelManifest,
    Reference,
    StackLock,
    SystemManifest,
)
from dlscope.core.manifest.experiment import SystemSelector
from dlscope.core.manifest.system import Accelerator, AcceleratorRequirement
from dlscope.core.trace import Level
from dlscope.core.units import parse_bytes
from dlscope.core.version import Constraint, Version
from dlscope.methods.evaluation.permitting import hook_problems
from dlscope.reporting.words import plural
from dlscope.stacks.resolving import framework_version
from dlscope.stacks.system import system

_ANY_SYSTEM = SystemSelector()
_NO_HOOKS = HookPermission()
_BYTES = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.+)")


def match(
    model: ModelManifest,
    reference: Reference,
    level: Level,
    selected: SystemSelector = _ANY_SYSTEM,
    permission: HookPermission = _NO_HOOKS,
    stack: StackLock | None = None,
) -> FrameworkManifest:
    """The framework that `reference` means as it stands here, its options written out.

    With a `stack` it is that of the stack, driven from here.

    Raises `PluginError` where it is missing, and `PlanError`, or `Problems`, for every
    constraint of the model or the reference that it, or this machine, does not satisfy, and for
    hooks without `permission`.
    """
    backend = _backend(reference.name) if stack is None else ISOLATED[reference.name]
    version = Version.parse(
        backend.version() if stack is None else framework_version(reference.name, stack)
    )
    raise_all(
        [
            *_version_problems(model, reference, version),
            *_level_problems(level, backend),
            *_format_problems(model, backend),
            *machine_problems(model, system(), psutil.virtual_memory().available),
            *device_problems(model, backend.devices, system()),
            *selector_problems(selected, backend, system()),
            *thread_problems(reference.options.get("threads"), system()),
            *hook_problems(model, permission),
            *_not_yet(model),
        ]
    )
    declared = _requirement(model, reference.name)
    options = {
        "threads": system().cpu.effective_cores,
        **({"device": "gpu"} if "gpu" in (model.system.device, selected.device) else {}),
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
        stack=stack,
    )


def opens(model: ModelManifest, backend: str, permission: HookPermission) -> bool:
    """Whether `backend` can run `model` here."""
    try:
        match(model, Reference(name=backend), Level.MODEL, permission=permission)
    except DlscopeError:
        return False
    return True


def thread_problems(threads: object, machine: SystemManifest) -> Iterator[PlanError]:
    """More threads than the machine has cores measure how they wait for one another."""
    cores = machine.cpu.effective_cores
    if isinstance(threads, int) and threads > cores:
        yield PlanError(
            f"{threads} threads are more than the {plural(cores, 'core')} that may be used here",
            where="framework.options.threads",
            fix=f"ask for at most {cores}",
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


def device_problems(
    model: ModelManifest, devices: Collection[str], machine: SystemManifest
) -> Iterator[PlanError]:
    """What `model` asks of a device that a backend on `devices`, or `machine`, does not have."""
    asked, where = model.system, f"model {model.name}, system"
    if asked.device in ("gpu", "npu") and asked.device not in devices:
        yield PlanError(
            f"the model needs a {asked.device}, the backend runs on the {' and '.join(devices)}",
            where=f"{where}.device",
            fix="set device: any to run it on the cpu, or choose another backend",
        )
    wanted = asked.accelerator
    if wanted is not None and not any(_fits(each, wanted) for each in machine.accelerators):
        found = ", ".join(each.name for each in machine.accelerators) or "none"
        yield PlanError(
            f"the model needs an accelerator of {wanted.vendor}; this machine has {found}",
            where=f"{where}.accelerator",
            fix="leave accelerator out to run it on what there is",
        )


def selector_problems(
    selected: SystemSelector, backend: type[Backend], machine: SystemManifest
) -> Iterator[PlanError]:
    """Why the machines that `selected` asks for cannot be this one with this backend."""
    if selected.device not in ("any", *backend.devices):
        yield PlanError(
            f"{backend.name} runs on the {' and '.join(backend.devices)}, not on a "
            f"{selected.device}",
            where="systems, device",
            fix="choose another backend, or leave device out",
        )
    for label, value in selected.labels.items():
        if machine.labels.get(label) != value:
            yield PlanError(
                f"this machine has no label {label}: {value}",
                where="systems, labels",
                fix="run it on such a machine, or leave labels out",
            )


def _fits(accelerator: Accelerator, wanted: AcceleratorRequirement) -> bool:
    capability = accelerator.compute_capability
    return (
        accelerator.vendor == wanted.vendor
        and fnmatch.fnmatch(accelerator.name, wanted.name)
        and (
            wanted.memory_bytes is None or _satisfies(accelerator.memory_bytes, wanted.memory_bytes)
        )
        and (
            wanted.compute_capability is None
            or (
                capability is not None
                and Constraint.parse(wanted.compute_capability).allows(Version.parse(capability))
            )
        )
    )


def _format_problems(model: ModelManifest, backend: type[Backend]) -> Iterator[PlanError]:
    if model.graph_role(backend.formats) is None:
        roles = [role for role in model.assets if role == "graph" or role.startswith("graph_")]
        yield PlanError(
            f"{backend.name} opens {' and '.join(sorted(backend.formats))}, and {model.name} has "
            f"no graph in that form",
            where=f"model {model.name}, assets",
            fix=f"choose a backend for {', '.join(roles)}" if roles else "add assets.graph",
        )


def _not_yet(model: ModelManifest) -> Iterator[PlanError]:
    """Parts of a manifest that this version cannot honour: refused, never ignored."""
    if model.stack is not None and model.stack.container is not None:
        yield PlanError(
            "software in a container cannot be provided yet",
            where=f"model {model.name}, stack.container",
            fix="give stack.env, or leave stack out to run in the current environment",
        )
    if model.stack is not None and model.stack.env is not None and model.stack.env.lock:
        yield PlanError(
            "a lock file cannot be read yet",
            where=f"model {model.name}, stack.env.lock",
            fix="write exact versions as requirements: [onnxruntime==1.20.1, numpy==2.0.2]",
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
def _backend(name: str) -> type[Backend]:
    backend: type[Backend] = registry.load("backends", name)
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


def _level_problems(level: Level, backend: type[Backend]) -> Iterator[PlanError]:
    """What lies below a prediction must be shown by the framework."""
    told = backend.capabilities()
    seen = {Level.MODEL, *(each.level for each in told if each.is_available)}
    if level <= Level.MODEL or level in seen:
        return
    known = [each for each in told if each.level == level]
    reason = "; ".join(each.reason for each in known if each.reason)
    fixes = [each.fix for each in known if each.fix]
    yield PlanError(
        f"level {level.name} cannot be seen here: {reason or f'{backend.name} does not show it'}",
        where="trace_level",
        fix=", or ".join([*fixes, f"ask for {max(seen).name} at most"]),
    )
