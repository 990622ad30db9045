from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from watching import PATIENCE_S, await_line, end, started

from dlscope.agents.device_lock import GivenUp, device_lock, lock_path

HOLDER = """
import sys
from dlscope.agents.device_lock import device_lock
with device_lock(lambda: print("waiting", flush=True)):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def start_holder() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that wants the device and, once it has it, keeps it until it is ended."""
    running: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        running.append(started([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE))
        return running[-1]

    yield start
    for process in running:
        end(process)


def test_a_free_device_is_held_at_once() -> None:
    waits: list[str] = []
    with device_lock(lambda: waits.append("waiting")):
        assert lock_path().exists()
    assert waits == []


def test_the_device_is_free_again_afterwards() -> None:
    waits: list[str] = []
    with pytest.raises(ZeroDivisionError), device_lock(lambda: waits.append("first")):
        raise ZeroDivisionError
    with device_lock(lambda: waits.append("second")):
        pass
    assert waits == []


def test_a_second_process_says_that_it_waits_and_then_waits(
    start_holder: Callable[[], subprocess.Popen[str]],
) -> None:
    first = start_holder()
    await_line(first, "holding")
    second = start_holder()
    await_line(second, "waiting")
    first.communicate("")  # the end of its input lets it go
    assert first.returncode == 0
    await_line(second, "holding")


def test_a_killed_holder_frees_the_device(
    start_holder: Callable[[], subprocess.Popen[str]],
) -> None:
    holder = start_holder()
    await_line(holder, "holding")
    waiting, held = threading.Event(), threading.Event()

    def hold() -> None:
        with device_lock(waiting.set):
            held.set()

    waiter = threading.Thread(target=hold, daemon=True)
    waiter.start()
    assert waiting.wait(PATIENCE_S)
    assert not held.is_set()
    holder.kill()
    assert held.wait(PATIENCE_S)
    waiter.join()


def test_each_user_has_a_lock_of_their_own() -> None:
    assert lock_path().name == f"dlscope-{os.getuid()}.lock"


def test_who_waits_may_give_up(start_holder: Callable[[], subprocess.Popen[str]]) -> None:
    holder = start_holder()
    await_line(holder, "holding")
    waited: list[str] = []
    with (
        pytest.raises(GivenUp),
        device_lock(lambda: waited.append("waiting"), lambda: bool(waited)),
    ):
        raise AssertionError("the machine is held by another process")
    assert waited == ["waiting"]
    holder.kill()
    holder.wait()
    with device_lock(lambda: None, lambda: False):
        pass
