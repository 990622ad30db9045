"""A cluster as people make it, with the command line: two nodes, an evaluation, no process left."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from watching import await_line, dlscope, free_port, of_port

from dlscope.agents.ray_node import not_started

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def short_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's sockets lie in the folder of temporary files, and have short names only."""
    monkeypatch.setenv("TMPDIR", "/tmp")


def test_a_node_that_did_not_start_says_what_ray_said_without_its_stack() -> None:
    log = (
        'Traceback (most recent call last):\n  File "scripts.py", line 1062, in start\n'
        "ConnectionError: Ray is already running at 10.0.0.7:6379.\n\n"
    )
    assert str(not_started(log, "10.0.0.7:6379", is_head=True)) == (
        "PlanError: the Ray node did not start: ConnectionError: Ray is already running at "
        "10.0.0.7:6379.\n"
        "  where  --address 10.0.0.7:6379\n"
        "  fix    join the cluster that is there, without --head, or give a port that is free"
    )
    assert str(not_started("one\ntwo\n", "lab:1", is_head=False)) == (
        "PlanError: the Ray node did not start: one / two\n"
        "  where  --address lab:1\n"
        "  fix    see whether a cluster is at the address, and can be reached from here"
    )
    assert not_started("", "lab:1", is_head=False).what.endswith(": it said nothing")


@pytest.mark.slow
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
