"""`Agent`: what a place that carries out plans tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

from dlscope.core.manifest import StackLock, SystemManifest
from dlscope.core.run import Environment


@final
@dataclass(frozen=True)
class Offer:
    """A framework that an agent can run: exact version, devices, and levels it shows."""

    version: str
    devices: tuple[str, ...] = ("cpu",)
    levels: tuple[str, ...] = ("MODEL",)


@final
@dataclass(frozen=True)
class Agent:
    """A place that carries out plans, one measurement at a time.

    `node` is the machine as its fleet knows it, `dlscope` the version that runs there. So many
    plans as there are `slots` may go on together when they only count accuracy. `labels` are those
    it was started with.
    """

    name: str
    node: str
    host: str
    dlscope: str
    environment: Environment
    offers: Mapping[str, Offer] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    slots: int = 1

    @cached_property
    def system(self) -> SystemManifest:
        """The machine."""
        return SystemManifest.model_validate(self.environment.system)

    @cached_property
    def kind(self) -> tuple[Any, ...]:
        """What agents share that would plan alike and give comparable Runs."""
        offers = tuple(sorted((name, offer) for name, offer in self.offers.items()))
        return (self.environment.fingerprint, self.dlscope, repr(offers))

    @property
    def all_labels(self) -> Mapping[str, str]:
        """Its labels, and what of its machine and software can be asked for in the same way."""
        return {
            "arch": self.system.architecture,
            "device": "gpu" if self.system.accelerators else "cpu",
            "python": self.environment.python.rpartition(" ")[2],
            "system": self.system.name,
            **self.system.labels,
            **self.labels,
        }

    def fingerprint(self, stack: StackLock | None) -> str:
        """The fingerprint of what is measured here with a framework in `stack`, or beside it."""
        if stack is None:
            return self.environment.fingerprint
        told = {"python": stack.python, "platform": stack.platform, "packages": stack.packages}
        return replace(self.environment, stack=told).fingerprint
