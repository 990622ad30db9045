"""Processes that are watched from outside: started, waited for, looked for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil

PATIENCE_S = 10.0

# A process of its own that carries out an experiment and tells each step on standard output.
DRIVER = """
import sys
from pathlib import Path
from dlscope.agents.campaign import Campaign
from dlscope.agents.local import LocalScheduler
from dlscope.catalog.document import load_manifest
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.store import Store

def tell(*words):
    print(*words, flush=True)

plans = plan_experiment(load_manifest(Path(sys.argv[1]))).plans
scheduler = LocalScheduler()
if len(sys.argv) > 3:
    from dlscope.agents.ray_scheduler import RayScheduler
    scheduler = RayScheduler(address=sys.argv[3])
with Store.open(sys.argv[2]) as store:
    Campaign(store, scheduler).runs(
        plans,
        observer=lambda plan, event: tell("step", event["step"]),
        finished=lambda plan, run, known: tell("finished", run.id, run.status),
    )
"""


def driver(*arguments: str) -> subprocess.Popen[str]:
    """A process that carries out the experiment in a file into a store.

    A third argument is the address of the Ray cluster whose agents do it.
    """
    return started([sys.executable, "-c", DRIVER, *arguments])


def worker_pids(parent: int | None = None) -> set[int]:
    """Process ids of the workers that `parent`, or this process, has at the moment."""
    return {
        child.pid
        for child in psutil.Process(parent or os.getpid()).children(recursive=True)
        if "dlscope.agents.worker" in child.cmdline()
    }


def await_true(question: Callable[[], Any], what: str) -> None:
    """Return once `question` answers yes; fail after a while."""
    deadline = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)


def await_line(process: subprocess.Popen[str], beginning: str) -> str:
    """The next line of the process's output that begins so."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(beginning):
            return line.strip()
    raise AssertionError(f"the process ended without saying {beginning!r}:\n{''.join(said)}")


def is_running(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be reaped."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def started(command: list[str], *, stdin: int | None = None) -> subprocess.Popen[str]:
    """A process whose output, errors included, can be read."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def end(process: subprocess.Popen[str]) -> None:
    """End a process, however it fares, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def of_port(port: int) -> list[psutil.Process]:
    """Processes of the Ray nodes of one cluster."""
    # Ray names this machine by another address than it was given.
    endings = (f":{port}", f"port={port}")
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and any(word.endswith(endings) for word in process.info["cmdline"] or ())
    ]


def dlscope(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line with these arguments, when it has ended."""
    return subprocess.run(
        [sys.executable, "-m", "dlscope.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
