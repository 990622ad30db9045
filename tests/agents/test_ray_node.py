"""A cluster as people make it, with the command line: two nodes, an evaluation, no process left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from watching import await_line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def of_port(port: int) -> list[psutil.Process]:
    """Processes of the Ray nodes of one cluster."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and any(f"127.0.0.1:{port}" in word for word in process.info["cmdline"] or ())
    ]


def dlscope(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dlscope.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def short_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's sockets lie in the folder of temporary files, and have short names only."""
    monkeypatch.setenv("TMPDIR", "/tmp")


def test_two_machines_made_agents_on_the_command_line_share_an_evaluation(
    start_dlscope: Callable[..., subprocess.Popen[str]],
    short_folder: None,
    shelf: Path,
    tmp_path: Path,
) -> None:
    port = free_port()
    address = f"127.0.0.1:{port}"
    offering = ("--address", address, "--backend", "mock")
    head = start_dlscope("agent", "start", "--head", "--name", "one", *offering)
    assert address in await_line(head, "agent one is ready")
    second = start_dlscope("agent", "start", "--name", "two", "--label", "lab=a", *offering)
    await_line(second, "agent two is ready")

    listed = json.loads(dlscope("agent", "list", "--address", address, "--format", "json").stdout)
    table = listed["tables"]["agents"]
    names = [column["name"] for column in table["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in table["rows"]]
    assert [(row["agent"], row["busy"]) for row in rows] == [("one", False), ("two", False)]
    assert "lab=a" in rows[1]["labels"]

    asked = ("evaluate", str(shelf / "tiny.yaml"), "--dataset", str(shelf / "few.yaml"))
    placed = (*asked, "--backend", "mock", "--mode", "accuracy", "--store", str(tmp_path / "s"))
    first = dlscope(*placed, "--scheduler", "ray", "--address", address, "--format", "json")
    assert first.returncode == 0, first.stderr
    again = dlscope(*placed, "--scheduler", "ray", "--address", address, "--format", "json")
    assert "already measured" in again.stderr
    here = dlscope(*placed, "--format", "json")
    assert "already measured" in here.stderr
    results = [json.loads(each.stdout)["runs"] for each in (first, again, here)]
    assert results[0] == results[1] == results[2]

    taken = dlscope("agent", "start", "--name", "one", *offering)
    assert taken.returncode == 1
    assert "agent one on" in taken.stderr
    assert "has its name already" in taken.stderr

    second.send_signal(signal.SIGINT)
    assert "the agent has ended" in second.communicate()[0]
    # Its keeper sees that the head is gone, however that happened.
    head.kill()
    head.wait()
    _gone, alive = psutil.wait_procs(of_port(port), timeout=30)
    assert alive == []
