from __future__ import annotations

import os
import sys

import psutil
import pytest

from dlscope.core.manifest import SystemManifest
from dlscope.stacks.system import affinity, manifest_name, system


def test_describes_this_machine() -> None:
    found = system()
    assert found.cpu.model
    assert 1 <= found.cpu.effective_cores <= found.cpu.threads
    assert found.cpu.sockets <= found.cpu.cores <= found.cpu.threads
    assert found.cpu.threads == psutil.cpu_count()
    assert 0 < found.memory_bytes <= psutil.virtual_memory().total
    assert found.memory_bytes % (1 << 20) == 0
    assert found.numa_nodes >= 1


def test_survives_its_own_json() -> None:
    assert SystemManifest.model_validate(system().to_json()) == system()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Lab_A.example.org", "lab_a.example.org"),
        ("böse maschine", "b-se-maschine"),
        ("0123456789ab", "x86_64"),
        ("", "x86_64"),
        ("a" * 200, "a" * 80),
    ],
)
def test_makes_a_name_of_a_host(host: str, name: str) -> None:
    assert manifest_name(host, "x86_64") == name


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such affinity")
def test_sees_its_affinity() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert affinity() == 1
    finally:
        os.sched_setaffinity(0, before)
