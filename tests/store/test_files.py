from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlscope.store.base import Store
from dlscope.testing.stores import assert_same_run, sample_plan, sample_run

_WRITER = """
import sys
from pathlib import Path
from dlscope.store import Store
from dlscope.testing.stores import sample_plan, sample_run
name = sys.argv[2]
with Store.open(Path(sys.argv[1])) as store:
    for number in range(1000):
        store.accept(sample_run(f"{name}-{number}", plan=sample_plan(seed=number), queries=5000))
        print("stored", flush=True)
"""


def _kill_a_writer(folder: Path, name: str, stored: int, delay_s: float) -> None:
    """Kill it in the middle of whatever it does `delay_s` after so many Runs."""
    command = [sys.executable, "-c", _WRITER, str(folder), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(stored):
            assert writer.stdout.readline() == b"stored\n"
        time.sleep(delay_s)
        writer.kill()


def _assert_whole(folder: Path) -> int:
    with Store.open(folder) as store:
        runs = store.runs()
        for summary in runs:
            seed = int(summary.id.partition("-")[2])
            wanted = sample_run(summary.id, plan=sample_plan(seed=seed), queries=5000)
            assert_same_run(store.run(summary.id), wanted)
        accepted = [run.plan_digest for run in runs if run.acceptance == "accepted"]
        assert len(accepted) == len(set(accepted))
        return len(runs)


def test_a_killed_writer_leaves_every_run_whole_or_absent(tmp_path: Path) -> None:
    chance = random.Random(4)
    for attempt, stored in enumerate((1, 4)):
        _kill_a_writer(tmp_path, f"w{attempt}", stored, chance.uniform(0.0, 0.03))
    assert _assert_whole(tmp_path) >= 5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_killed_writers_leave_every_run_whole_or_absent(tmp_path: Path) -> None:
    chance = random.Random(5)
    for attempt in range(25):
        _kill_a_writer(tmp_path, f"w{attempt}", 1 + attempt % 3, chance.uniform(0.0, 0.05))
    assert _assert_whole(tmp_path) >= 25
