"""Every scheduler against the suite; the mock answers, so that nothing is left to chance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

from dlscope.agents.scheduler import Scheduler
from dlscope.core import registry
from dlscope.testing.ray_fleet import ray_fleet
from dlscope.testing.schedulers import SchedulerSuite


@pytest.mark.slow
class TestLocal(SchedulerSuite):
    @pytest.fixture
    def scheduler(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
        # The lock of this machine lies elsewhere, so that no other measurement is awaited.
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        return registry.load("schedulers", "local")(None, None)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from ray.util import get_node_ip_address

    # Ray's nodes go by the address that other machines know this one by.
    socket_allow_hosts(["127.0.0.1", get_node_ip_address()], allow_unix_socket=True)
    with ray_fleet("one", "two") as fleet:
        yield fleet.address


@pytest.mark.slow
class TestRay(SchedulerSuite):
    @pytest.fixture
    def scheduler(self, address: str) -> Scheduler:
        return registry.load("schedulers", "ray")(None, address)


def test_every_scheduler_is_tested_here() -> None:
    assert registry.names("schedulers") == ("local", "ray")
