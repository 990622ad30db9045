from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlscope import api
from dlscope.testing.small_experiment import SmallExperiment
from dlscope.web.children import MODULE, Child, answer_of


def asked(tmp_path: Path, **scenario: object) -> dict[str, object]:
    told = {"name": "brief", **scenario}
    experiment = api.experiment("colors", dataset="pictures", scenario=told).to_json()
    common = {"store": str(tmp_path / "store"), "allow_hooks": [], "rerun": False}
    return {"do": "run", "experiment": experiment, **common}


def test_what_a_plan_would_measure_is_told_without_measuring(
    small: SmallExperiment, tmp_path: Path
) -> None:
    told = answer_of({**asked(tmp_path), "do": "plan"})
    assert told["type"] == "end"
    (plan,) = told["plans"]
    assert (plan["model"], plan["known"]) == ("colors", False)
    assert told["refused"] == []


@pytest.mark.slow
def test_what_cannot_be_read_is_told_as_problems(small: SmallExperiment, tmp_path: Path) -> None:
    experiment = api.experiment("no-such-model", dataset="pictures").to_json()
    told = answer_of({**asked(tmp_path), "experiment": experiment})
    assert told["type"] == "error"
    assert told["problems"][0]["what"] == "there is no model 'no-such-model'"


@pytest.mark.slow
def test_a_job_ends_with_the_server(small: SmallExperiment, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    long = asked(tmp_path, min_duration_ms=600_000)
    process.stdin.write(json.dumps(long) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["type"] == "plan"
    process.stdin.close()  # as when the server is killed
    kinds = [json.loads(line)["type"] for line in process.stdout]
    process.stdout.close()
    process.wait(60)
    assert kinds[-1] == "stopped"


def test_what_libraries_print_does_not_get_between_the_events(tmp_path: Path) -> None:
    script = (
        "from dlscope.web import job_process\n"
        "tell = job_process._teller()\n"
        "print('a library speaks')\n"
        "tell({'type': 'end'})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == '{"type": "end"}\n'
    assert "a library speaks" in done.stderr


def test_a_child_that_is_let_go_of_leaves_nothing_open(tmp_path: Path) -> None:
    with contextlib.closing(Child({"do": "nothing"})) as child:
        assert list(child.events()) == []
        assert child.code != 0
        assert any("KeyError" in line for line in child.log_tail())
