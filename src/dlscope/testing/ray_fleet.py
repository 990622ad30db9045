"""`RayFleet`: a Ray cluster of several nodes on this machine, an agent on each but the head.

For tests and for benchmarks of what surrounds a measurement: the nodes share the machine, and so
its lock. Everything lies in a folder of temporary files of its own, and ends with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from dlscope.agents import hiring, ray_cluster
from dlscope.agents.agent import Agent

_OBJECT_STORE_BYTES = 80 << 20


@final
class RayFleet:
    """A head and nodes with agents, which can be killed and put up anew."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {**_arguments(), "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._nodes: dict[str, Any] = {}
        self.address: str = self._cluster.address

    def hire(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        slots: int = 1,
        only: tuple[str, ...] = ("mock",),
    ) -> Agent:
        """An agent on a node of its own."""
        node = self._cluster.add_node(**_arguments(), resources={ray_cluster.DEVICE: 1})
        self._nodes[name] = node
        ray_cluster.connect(self.address)
        return hiring.hire(name, node.node_id, labels=labels, slots=slots, only=only)

    def kill(self, name: str) -> None:
        """The node of an agent is gone from one moment to the next."""
        self._cluster.remove_node(self._nodes.pop(name), allow_graceful=False)

    def close(self) -> None:
        """End every process of the cluster."""
        for name in self._nodes:
            hiring.dismiss(name)
        ray_cluster.disconnect()
        self._cluster.shutdown()


@contextlib.contextmanager
def ray_fleet(*names: str, slots: int = 1) -> Iterator[RayFleet]:
    """A fleet with agents of these names that offer the mock; its address is in use until it ends.

    The lock of the machine and the partial results of its agents are its own.
    """
    # Sockets have short names only, so it cannot lie where a test keeps its files.
    folder = Path(tempfile.mkdtemp(prefix="dlsf-", dir="/tmp" if os.name == "posix" else None))
    before = {name: os.environ.get(name) for name in ("TMPDIR", "DLSCOPE_CACHE")}
    tempdir, tempfile.tempdir = tempfile.tempdir, None
    os.environ.update(TMPDIR=str(folder), DLSCOPE_CACHE=str(folder / "cache"))
    try:
        fleet = RayFleet()
        try:
            for name in names:
                fleet.hire(name, slots=slots)
            yield fleet
        finally:
            fleet.close()
    finally:
        tempfile.tempdir = tempdir
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


def _arguments() -> dict[str, Any]:
    return {"num_cpus": 1, "object_store_memory": _OBJECT_STORE_BYTES}
