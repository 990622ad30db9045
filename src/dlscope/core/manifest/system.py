"""`SystemManifest`: what a machine reports; `SystemRequirement`: what a model asks of one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dlscope.core.manifest.base import Document, Manifest, refuse
from dlscope.core.units import parse_bytes

_COMPARED = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.+)")


def _byte_constraint(value: str) -> str:
    match = _COMPARED.fullmatch(value)
    try:
        parse_bytes(match[2] if match else value)
    except ValueError:
        raise refuse(f"{value!r} is not a size", "use a size such as >=2GiB") from None
    return value


ByteConstraint = Annotated[str, AfterValidator(_byte_constraint)]


class AcceleratorRequirement(Document):
    """The accelerator a model needs."""

    vendor: str
    name: str = "*"
    memory_bytes: ByteConstraint | None = None
    compute_capability: str | None = None


class SystemRequirement(Document):
    """The machine a model needs; a field left out accepts anything."""

    architecture: tuple[str, ...] = ()
    device: Literal["cpu", "gpu", "npu", "any"] = "any"
    memory_bytes: ByteConstraint | None = None
    accelerator: AcceleratorRequirement | None = None
    features: tuple[str, ...] = ()


class Cpu(Document):
    """Processor of a machine; `effective_cores` is what this process may use."""

    model: str
    sockets: int
    cores: int
    threads: int
    effective_cores: int
    features: tuple[str, ...] = ()
    cache_bytes: dict[str, int] = Field(default_factory=dict)
    governor: str | None = None


class Accelerator(Document):
    """An accelerator of a machine."""

    vendor: str
    name: str
    memory_bytes: int
    driver: str
    compute_capability: str | None = None


class SystemManifest(Manifest):
    """A machine as it reports itself."""

    kind: Literal["system"] = "system"
    architecture: str
    cpu: Cpu
    memory_bytes: int
    numa_nodes: int = 1
    accelerators: tuple[Accelerator, ...] = ()
    operating_system: str
    kernel: str
    virtualisation: str | None = None
    price_per_hour: float | None = None
    currency: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
