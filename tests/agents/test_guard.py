from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlscope.agents.guard import GRACE_NS, Ended, Guard, Limits, heartbeat

SECOND = 1_000_000_000
HOLD_64_MIB = "x = bytearray(64 << 20); print('held', flush=True); input()"


class Watched:
    """What a guard is given: a pulse, a clock that is set by hand, a list of what it ended."""

    def __init__(self, path: Path) -> None:
        self.pulse = heartbeat(path)
        self.now_ns = 0
        self.ended: list[Ended] = []
        self.was_ended = threading.Event()

    def guard(self, limits: Limits, pid: int | None = None) -> Guard:
        return Guard(pid or os.getpid(), self.pulse, limits, lambda: self.now_ns, self.end)

    def end(self, ended: Ended) -> None:
        self.ended.append(ended)
        self.was_ended.set()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "pulse")


@pytest.fixture
def started() -> Iterator[Callable[[Guard], Guard]]:
    guards: list[Guard] = []

    def start(guard: Guard) -> Guard:
        guards.append(guard)
        guard.start()
        return guard

    yield start
    for guard in guards:
        guard.stop()


def test_a_pulse_is_shared_by_all_who_map_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pulse"
    first, second = heartbeat(path), heartbeat(path)
    first[0] += 3
    assert list(second) == [3, 0]


def test_a_pulse_reaches_another_process(tmp_path: Path) -> None:
    path = tmp_path / "pulse"
    pulse = heartbeat(path)
    beat = "import sys; from pathlib import Path; from dlscope.agents.guard import heartbeat; "
    beat += "heartbeat(Path(sys.argv[1]))[1] += 7"
    subprocess.run([sys.executable, "-c", beat, str(path)], check=True)
    assert list(pulse) == [0, 7]


def test_ends_a_process_that_outgrows_its_memory(watched: Watched, started) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_64_MIB], stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        started(watched.guard(Limits(memory_bytes=48 << 20), process.pid))
        assert watched.was_ended.wait(10)
        process.kill()
    (ended,) = watched.ended
    assert ended.reason == "oom"
    assert ended.resident_bytes is not None
    assert ended.resident_bytes > 64 << 20
    assert ended.what.startswith("out of memory: it used ")
    assert ended.what.endswith("the limit is 48 MiB")


def test_leaves_a_process_within_its_limits_alone(watched: Watched, started) -> None:
    guard = started(watched.guard(Limits(memory_bytes=1 << 40, timeout_ns=SECOND)))
    watched.pulse[0] = watched.pulse[1] = 5
    watched.now_ns = 100 * SECOND
    assert not watched.was_ended.wait(0.2)
    guard.stop()
    assert watched.ended == []


def test_ends_a_process_whose_prediction_hangs_beyond_the_grace(watched: Watched, started) -> None:
    watched.pulse[0], watched.pulse[1] = 4, 3
    started(watched.guard(Limits(timeout_ns=SECOND // 10)))
    watched.was_ended.wait(0.1)
    watched.now_ns = SECOND // 10 + GRACE_NS - 1
    assert not watched.was_ended.wait(0.15)
    watched.now_ns += 1
    assert watched.was_ended.wait(10)
    assert watched.ended == [Ended("timeout", "a prediction took longer than 0.1 s", 4)]


def test_a_prediction_that_follows_another_has_its_time_from_the_start(
    watched: Watched, started
) -> None:
    watched.pulse[0] = 1
    started(watched.guard(Limits(timeout_ns=SECOND // 10)))
    for begun in range(2, 6):
        watched.was_ended.wait(0.06)
        watched.now_ns += GRACE_NS
        watched.pulse[0], watched.pulse[1] = begun, begun - 1
    assert watched.ended == []


def test_without_limits_it_does_not_look(watched: Watched, started) -> None:
    before = threading.active_count()
    guard = started(watched.guard(Limits()))
    assert threading.active_count() == before
    guard.stop()


def test_ends_nothing_once_the_process_is_gone(watched: Watched) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        guard = watched.guard(Limits(memory_bytes=1), process.pid)
        process.wait()
    guard.start()
    guard.stop()
    assert watched.ended == []
