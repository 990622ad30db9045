from __future__ import annotations

import pytest
from pydantic import ValidationError

from dlscope.core.manifest import SystemManifest, SystemRequirement

HOST = {
    "schema_version": 1,
    "name": "host",
    "architecture": "x86_64",
    "cpu": {"model": "x", "sockets": 1, "cores": 2, "threads": 4, "effective_cores": 2},
    "memory_bytes": 8 << 30,
    "operating_system": "Linux",
    "kernel": "6.1",
}


def test_a_machine_reports_itself() -> None:
    system = SystemManifest.model_validate(HOST)
    assert system.identity == "host"
    assert system.cpu.cache_bytes == {}
    assert SystemManifest.model_validate(system.to_json()) == system


def test_machines_share_no_defaults() -> None:
    first, second = SystemManifest.model_validate(HOST), SystemManifest.model_validate(HOST)
    first.labels["lab"] = "a"
    assert second.labels == {}


def test_no_requirement_accepts_anything() -> None:
    assert SystemRequirement().to_json() == {
        "architecture": [],
        "device": "any",
        "memory_bytes": None,
        "accelerator": None,
        "features": [],
    }


@pytest.mark.parametrize("size", [">=2GiB", "512 MiB", "<= 1.5GB", "1000"])
def test_sizes_are_compared_with_a_unit(size: str) -> None:
    assert SystemRequirement(memory_bytes=size).memory_bytes == size


@pytest.mark.parametrize("size", ["lots", ">=", ">= much", "2 GiB or so"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(ValidationError, match="is not a size"):
        SystemRequirement(memory_bytes=size)
