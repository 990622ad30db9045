from __future__ import annotations

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
