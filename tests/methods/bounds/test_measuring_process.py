from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from single_layers import LAYERS

from dlscope.methods.bounds.measuring_process import Died, MeasuringProcess

BRICK = LAYERS["relu"].to_json()


@pytest.fixture(autouse=True)
def _reachable(monkeypatch, request) -> None:
    """The child finds the implementations of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(request.path.parent), prepend=os.pathsep)


def run(algorithm: str) -> dict[str, object]:
    configuration = {"algorithm": algorithm, "dtype": "float32", "layout": "plain", "math": ""}
    return {
        "do": "run",
        "brick": BRICK,
        "implementation": "misbehaving:Misbehaving",
        "configuration": configuration,
        "threads": 1,
        "stop": {"half_width": 0.02, "seconds": 0.01, "samples": 15},
    }


def test_a_child_that_dies_is_told_of_with_its_last_words_and_replaced() -> None:
    with MeasuringProcess(60) as process:
        with pytest.raises(Died) as died:
            process.ask(run("dies"))
        assert str(died.value) == "the measuring process ended with code -9: last words"
        assert process.ask(run("works"))["status"] == "ok"


def test_a_bug_is_told_of_with_the_end_of_its_traceback() -> None:
    with MeasuringProcess(60) as process, pytest.raises(Died) as died:
        process.ask(run("raises"))
    assert str(died.value).startswith("the measuring process ended with code 1: ")
    assert str(died.value).endswith("ZeroDivisionError: a bug")


def test_a_child_that_hangs_is_ended_and_replaced() -> None:
    with MeasuringProcess(0.5) as process:
        # The child needs a moment to begin; it hangs whenever it is asked.
        with pytest.raises(Died) as died:
            process.ask(run("hangs"))
        assert str(died.value) == "took longer than 0.5 s"
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer)]


def test_after_an_interruption_no_answer_is_taken_for_another() -> None:
    # In a process of its own: OpenVINO, where other tests have used it, dies of the signal.
    script = f"""
import os, signal, threading
from dlscope.methods.bounds.measuring_process import MeasuringProcess

with MeasuringProcess(60) as process:
    process.ask({run("works")!r})
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        process.ask({run("hangs")!r})
    except KeyboardInterrupt:
        print(process.ask({run("refuses")!r})["reason"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("not this size\n", "", 0)


def test_a_child_ends_with_its_owner() -> None:
    with MeasuringProcess(60) as process:
        process.ask(run("works"))
        assert process._child is not None
        child = process._child._process
    assert child.returncode == 0
