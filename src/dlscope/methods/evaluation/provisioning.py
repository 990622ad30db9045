"""Which points of a matrix run in an isolated stack, and in which one.

By default what is installed beside dlscope is used where it is what was asked for. A version that
is not, and a framework too large to be installed there, are reached in a stack of their own; and
then so are all versions of that framework, since only what is measured alike can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, final

from packaging.requirements import Requirement

from dlscope.backends.base import Backend
from dlscope.backends.isolated.backend import ISOLATED
from dlscope.core import registry
from dlscope.core.errors import PlanError, PluginError, did_you_mean
from dlscope.core.manifest import ModelManifest, Reference, StackLock
from dlscope.core.manifest.model import EnvironmentSpec
from dlscope.core.version import Constraint, Version
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.container import container_refusal
from dlscope.stacks.resolving import resolve

Choice = Literal["auto", "isolated", "current"]


@final
class Provision:
    """The stacks of the frameworks of one experiment."""

    def __init__(self, choice: Choice, frameworks: Sequence[Reference]) -> None:
        self._choice = choice
        self._isolated = {each.name for each in frameworks if _needs_stack(each)}

    def lock(self, reference: Reference, model: ModelManifest) -> StackLock | None:
        """The stack of `reference` for `model`, None for the environment of dlscope.

        Raises `StackError` where there can be no such stack, `PlanError` for a framework that
        cannot be driven in one.
        """
        asked = model.stack.env if model.stack is not None else None
        if self._choice == "auto" and asked is None and model.stack and model.stack.container:
            raise container_refusal(f"{model.name}, stack.container")
        wants_one = asked is not None and self._choice == "auto"
        if not (wants_one or self._is_isolated(reference.name)):
            return None
        if reference.name not in ISOLATED:
            raise PlanError(
                f"{reference.name} cannot be driven in an isolated stack",
                where=f"framework {reference.name}",
                fix=f"{did_you_mean(reference.name, ISOLATED)}, or leave --stack isolated out",
            )
        return resolve(_request(reference, asked or EnvironmentSpec()))

    def _is_isolated(self, name: str) -> bool:
        return self._choice == "isolated" or (self._choice == "auto" and name in self._isolated)


def _request(reference: Reference, asked: EnvironmentSpec) -> StackRequest:
    """`reference` in the environment that its model asks for.

    Its version is the one that is asked for, else the model's, else the one that is here.
    """
    name, installed = reference.name, _installed(reference.name)
    pins = StackRequest.parse(",".join([name, *asked.requirements])).pins
    own = [str(each.specifier) for each in map(Requirement, pins) if each.name == name]
    versions = StackRequest.of(name, reference.version).versions or next(iter(own), "")
    if not versions and installed is not None:
        versions = StackRequest.of(name, f"=={installed}").versions
    others = tuple(pin for pin in pins if Requirement(pin).name != name)
    return StackRequest(name, versions, asked.python, others)


def _needs_stack(reference: Reference) -> bool:
    """Whether `reference` means what is not here, and can be had in a stack."""
    isolated = ISOLATED.get(reference.name)
    if isolated is None:
        return False
    installed = _installed(reference.name)
    if installed is None:
        return isolated.heavy or reference.version != "*"
    return reference.version != "*" and not Constraint.parse(reference.version).allows(installed)


def _installed(name: str) -> Version | None:
    """The version beside dlscope, None where the framework is not there."""
    try:
        backend: type[Backend] = registry.load("backends", name)
    except PluginError:
        return None
    return Version.parse(backend.version())
