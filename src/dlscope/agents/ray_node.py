"""`RayNode`: a Ray node on this machine that lives as long as the process that wants it.

It is started by a keeper, this module run as a program, which ends it when its standard input
ends: however the process that started it goes, no node is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, final
from uuid import uuid4

from dlscope.agents import ray_cluster
from dlscope.core.errors import PlanError

OBJECT_STORE_BYTES = 100 << 20
"""Runs are small, and memory on a machine that measures is for models."""
_MARK = "dlscope/start"
_PATIENCE_S = 90.0
_PERIOD_S = 0.5
_LOG_LINES = 8
_ERROR = re.compile(r"[\w.]+(Error|Exception): ")


@final
class RayNode:
    """A node that joins the cluster at `address`, or is the head of a new one at that address.

    It declares one device, one CPU, and `labels` that Ray's own users can select by.
    """

    def __init__(
        self, address: str, *, is_head: bool, labels: Mapping[str, str] | None = None
    ) -> None:
        self.address = address
        self._is_head = is_head
        self._mark = uuid4().hex
        self._folder = tempfile.TemporaryDirectory(prefix="dlscope-node-")
        self._log = Path(self._folder.name) / "log"
        arguments = _arguments(address, is_head, {**(labels or {}), _MARK: self._mark})
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dlscope.agents.ray_node", *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    @property
    def is_alive(self) -> bool:
        """Whether the node is still there."""
        return self._process.poll() is None

    def joined(self) -> str:
        """The id of the node once it is part of the cluster, which this process then has joined.

        Raises `PlanError` with what Ray said when it does not come up.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while self.is_alive and time.monotonic() < deadline:
            with contextlib.suppress(PlanError):
                ray_cluster.connect(self.address)
                if (node := ray_cluster.node_labelled(_MARK, self._mark)) is not None:
                    return node
            time.sleep(_PERIOD_S)
        raise not_started(
            self._log.read_text(encoding="utf-8", errors="replace"),
            self.address,
            is_head=self._is_head,
        )


def not_started(log: str, address: str, *, is_head: bool) -> PlanError:
    """What to say of a node that did not come up: its error, else the last that it said."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    told = said[-1:] if said and _ERROR.match(said[-1]) else said[-_LOG_LINES:]
    return PlanError(
        f"the Ray node did not start: {' / '.join(told) or 'it said nothing'}",
        where=f"--address {address}",
        fix="join the cluster that is there, without --head, or give a port that is free"
        if is_head
        else "see whether a cluster is at the address, and can be reached from here",
    )


def _arguments(address: str, is_head: bool, labels: Mapping[str, str]) -> Iterator[str]:
    """Arguments of `ray start`."""
    host, _, port = address.rpartition(":")
    if is_head:
        yield from ("--head", f"--node-ip-address={host}", f"--port={port}")
        yield "--include-dashboard=false"
    else:
        yield f"--address={address}"
        if host in ("127.0.0.1", "localhost"):
            yield f"--node-ip-address={host}"
    yield f"--resources={json.dumps({ray_cluster.DEVICE: 1})}"
    yield f"--labels={','.join(f'{name}={value}' for name, value in labels.items())}"
    yield from ("--num-cpus=1", f"--object-store-memory={OBJECT_STORE_BYTES}")
    yield from ("--disable-usage-stats", "--block")


def main() -> None:
    """Start a node with the arguments given, and end it when standard input ends."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", *sys.argv[1:]]
    node = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # The node may end by itself: then nobody needs a keeper any more.
    signal.signal(signal.SIGCHLD, lambda *_: sys.exit(node.poll() or 0))
    with contextlib.suppress(SystemExit):
        sys.stdin.read()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    node.terminate()
    sys.exit(node.wait())


if __name__ == "__main__":
    main()
