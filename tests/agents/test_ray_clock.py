"""A wall clock that is set back and forth under a whole cluster: Ray's own processes included."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watching import await_line, dlscope, free_port, of_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="libraries are preloaded as Linux does it"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="the clock needs a C compiler"),
]
MEASURING = {
    "name": "online",
    "mode": "performance",
    "min_duration_ms": 6_000,
    "min_queries": 20,
}
# The time of day is two hours behind for as long as there is a file; other clocks go on.
_CLOCK = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int before = errno;
    if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
    int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (is_wall && access(BEHIND, F_OK) == 0) now->tv_sec -= 7200;
    errno = before;
    return 0;
}

int gettimeofday(struct timeval *now, void *zone) {
    (void)zone;
    struct timespec read;
    clock_gettime(CLOCK_REALTIME, &read);
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec read;
    clock_gettime(CLOCK_REALTIME, &read);
    if (into) *into = read.tv_sec;
    return read.tv_sec;
}
"""


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """While this file is there, every process that is started from here lives two hours ago."""
    # Ray's sockets lie in the folder of temporary files, and have short names only.
    folder = Path(tempfile.mkdtemp(prefix="dlsc-", dir="/tmp"))
    file, source, library = folder / "behind", folder / "clock.c", folder / "clock.so"
    source.write_text(_CLOCK, encoding="utf-8")
    given = ("-shared", "-fPIC", "-O1", f'-DBEHIND="{file}"', "-o", library, source)
    subprocess.run(["cc", *given], check=True)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("RAY_LD_PRELOAD_ON_WORKERS", "1")
    yield file
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def address(start_dlscope: Callable[..., subprocess.Popen[str]], behind: Path) -> str:
    """Where a cluster of two agents is, all of whose processes have the clock of `behind`."""
    del behind
    found = f"127.0.0.1:{free_port()}"
    offering = ("--address", found, "--backend", "mock")
    await_line(start_dlscope("agent", "start", "--head", "--name", "one", *offering), "agent one")
    await_line(start_dlscope("agent", "start", "--name", "two", *offering), "agent two")
    return found


def agents(address: str) -> list[str]:
    listed = json.loads(dlscope("agent", "list", "--address", address, "--format", "json").stdout)
    return [row[0] for row in listed["tables"]["agents"]["rows"]]


def test_the_clock_of_these_tests_is_set_back(behind: Path) -> None:
    ask = "import time, datetime as d; print(time.time(), d.datetime.now(d.UTC).timestamp())"

    def read() -> list[float]:
        said = subprocess.check_output([sys.executable, "-c", ask], text=True)
        return [float(word) for word in said.split()]

    before = read()
    behind.touch()
    assert all(now < then - 7000 for now, then in zip(read(), before, strict=True))


def test_no_agent_is_lost_and_nothing_measured_twice(
    address: str, behind: Path, drive: Callable[..., subprocess.Popen[str]], experiment: Any
) -> None:
    """Set back while a plan is carried out, and forth again: leases are kept by another clock."""
    nodes = of_port(int(address.partition(":")[2]))
    maps = {each.name(): Path(f"/proc/{each.pid}/maps").read_text() for each in nodes}
    assert {"gcs_server", "raylet"} <= maps.keys()
    assert all("clock.so" in map for map in maps.values())
    asked = drive(experiment(MEASURING, options=[{"value": 0.0}, {"value": 1.0}]), address)
    await_line(asked, "step measure")
    behind.touch()
    time.sleep(2.0)
    behind.unlink()
    said = asked.communicate()[0].splitlines()
    finished = [line.split()[-1] for line in said if line.startswith("finished")]
    assert finished == ["finished", "finished"]
    assert not any("once more" in line for line in said)
    assert agents(address) == ["one", "two"]
    behind.touch()
    assert agents(address) == ["one", "two"]
    anew = drive(experiment(MEASURING, options=[{"value": 2.0}]), address)
    assert await_line(anew, "finished").endswith(" finished")
