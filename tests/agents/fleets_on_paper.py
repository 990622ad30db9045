"""Agents that nobody has started, to ask what fits them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dlscope.agents.agent import Agent, Offer
from dlscope.core.manifest import SystemManifest
from dlscope.core.manifest.system import Accelerator, Cpu
from dlscope.testing.stores import sample_environment

GIB = 1 << 30
GPU = Accelerator(vendor="nvidia", name="H200", memory_bytes=141 * GIB, driver="580")


def agent(
    name: str = "agent-7",
    *,
    offers: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    architecture: str = "x86_64",
    memory_bytes: int = 16 * GIB,
    cores: int = 4,
    features: tuple[str, ...] = ("avx2",),
    accelerators: tuple[Accelerator, ...] = (),
    slots: int = 1,
) -> Agent:
    """An agent with frameworks `offers` by name and version, on a machine like this."""
    system = SystemManifest(
        schema_version=1,
        name="lab",
        architecture=architecture,
        cpu=Cpu(
            model="Test CPU",
            sockets=1,
            cores=cores,
            threads=cores,
            effective_cores=cores,
            features=features,
        ),
        memory_bytes=memory_bytes,
        accelerators=accelerators,
        operating_system="Linux",
        kernel="6.1",
    )
    known: Mapping[str, Any] = offers or {"mock": "0.3.1"}
    return Agent(
        name=name,
        node=f"node of {name}",
        host="lab",
        dlscope=importlib.metadata.version("dlscope"),
        environment=replace(sample_environment(), system=system.to_json(), volatile={}),
        offers={each: Offer(version) for each, version in known.items()},
        labels=labels or {},
        slots=slots,
    )
