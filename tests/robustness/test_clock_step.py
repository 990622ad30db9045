"""A wall clock that jumps by hours during a run: durations, order and ids do not mind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dlscope.testing.small_experiment import SmallExperiment, write_experiment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
without_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is not None,
    reason="a library of TensorFlow's is compiled against the class that these tests replace",
)
# Python reads this file before anything else, in every process that is started from here.
_JUMPS = '''
"""The time of day goes back and forth by hours, four times a second."""
import datetime
import time

HOURS = (0, -2, 3, -5)
_time, _time_ns = time.time, time.time_ns


def step_s():
    return 3600 * HOURS[int(time.monotonic() * 4) % len(HOURS)]


class Jumping(datetime.datetime):
    __slots__ = ()  # compiled libraries look at its size

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.UTC).replace(tzinfo=None)


time.time = lambda: _time() + step_s()
time.time_ns = lambda: _time_ns() + step_s() * 10**9
datetime.datetime = Jumping
'''


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    return write_experiment(tmp_path_factory.mktemp("experiment"))


@pytest.fixture
def jumping(tmp_path: Path) -> Callable[..., tuple[Any, int]]:
    """Carries out a command whose clock jumps; what it printed, and how long it took, in ns."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(_JUMPS, encoding="utf-8")
    paths = [str(tmp_path / "clock"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def run(*words: str | Path) -> tuple[Any, int]:
        begun = time.monotonic_ns()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "dlscope.cli", *map(str, words)),
                *("--store", str(tmp_path / "store"), "--format", "json"),
            ],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), time.monotonic_ns() - begun

    return run


def rows(told: Any, table: str) -> list[dict[str, Any]]:
    found = told["tables"][table]
    names = [column["name"] for column in found["columns"]]
    return [dict(zip(names, row, strict=True)) for row in found["rows"]]


def durations(told: Any) -> list[float]:
    """Everything that a result tells in nanoseconds."""
    return [
        row[column["name"]]
        for name, table in told["tables"].items()
        for row in rows(told, name)
        for column in table["columns"]
        if column["unit"] == "ns" and row[column["name"]] is not None
    ]


def test_the_clock_of_these_tests_jumps(jumping, tmp_path: Path) -> None:
    """Both ways to ask for the time go hours back within a second."""
    ask = (
        "import time, datetime as d\n"
        "end = time.monotonic() + 1.5\n"
        "seen = []\n"
        "while time.monotonic() < end:\n"
        "    seen.append((time.time(), d.datetime.now(d.UTC).timestamp()))\n"
        "print([min(b - a for a, b in zip(s, s[1:])) < -3600 for s in zip(*seen)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "clock")},
    )
    assert done.stdout == "[True, True]\n"


@without_tensorflow
def test_an_evaluation_measures_by_a_clock_that_only_goes_on(
    jumping, files: SmallExperiment
) -> None:
    words = ("evaluate", files.model, "--dataset", files.dataset, "-s", files.scenario)
    told, took_ns = jumping(*words, "--trace-level", "LAYER")
    found = durations(told)
    assert found
    assert all(0 <= each <= took_ns for each in found)
    again, _ = jumping(*words, "--trace-level", "LAYER")
    assert again["runs"] == told["runs"]
    listed, _ = jumping("store", "list")
    assert set(told["runs"]) <= {row["run"] for row in rows(listed, "runs")}
    anew, _ = jumping(*words, "--trace-level", "LAYER", "--rerun")
    assert set(anew["runs"]).isdisjoint(told["runs"])
    known, _ = jumping(*words, "--trace-level", "LAYER")
    assert known["runs"] == anew["runs"]


@without_tensorflow
def test_a_profile_tells_what_the_time_of_day_lost(jumping, files: SmallExperiment) -> None:
    """ONNX Runtime stamps layers with it: those that cannot be placed any more are not guessed."""
    told, took_ns = jumping(
        *("profile", files.model, "--dataset", files.dataset, "--levels", "M,L"),
        *("--iterations", "2"),
    )
    assert all(0 <= each <= took_ns for each in durations(told))
    assert rows(told, "a1")
    lost = any("level LAYER: nothing was seen" in each for each in told["warnings"])
    assert lost or rows(told, "a2")


def test_bricks_are_timed_and_found_again(jumping, tmp_path: Path) -> None:
    suite = tmp_path / "suite.json"
    words = (sys.executable, "-m", "dlscope.cli", "bricks", "generate", "lstm", "-o", str(suite))
    subprocess.run(words, check=True, capture_output=True)
    run = ("bricks", "run", suite, "--processes", "1", "--max-seconds", "0.1")
    told, took_ns = jumping(*run)
    assert rows(told, "failed") == []
    assert all(0 <= each <= took_ns for each in durations(told))
    again, _ = jumping(*run)
    assert rows(again, "composition") == rows(told, "composition")
