"""`dlscope bricks …` as a person would call it: files in, tables and exact words out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dlscope.graph.builder import GraphBuilder, serialize

QUICK = ("--processes", "1", "--min-rounds", "3", "--max-seconds", "0.1")


def write_model(path: Path, *operators: str) -> Path:
    graph = GraphBuilder(path.stem)
    x = graph.input("x", "float32", (1, 16))
    for operator in operators:
        x = graph.node(operator, [x])
    weight = graph.constant("weight", np.full((16, 16), 0.1, np.float32))
    graph.output(graph.node("MatMul", [x, weight], output="y"), "float32", (1, 16))
    path.write_bytes(serialize(graph.finish()))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "small.onnx", "Sigmoid", "Tanh")


@pytest.fixture
def suite(cli, model, tmp_path: Path) -> Path:
    path = tmp_path / "suite.json"
    assert cli("bricks", "generate", model, "-o", path).code == 0
    return path


def test_generate_writes_a_suite_and_says_what_is_in_it(cli, model, tmp_path: Path) -> None:
    path = tmp_path / "suite.json"
    result = cli("bricks", "generate", model, "-o", path)
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        f"bricks generate: cutting {model}\n"
        f"{path}: 1 model of 3 layers is 3 bricks of at most 1 layer, each used 1.0 times.\n"
    )


def test_several_sizes_are_several_files(cli, model, tmp_path: Path) -> None:
    result = cli("bricks", "generate", model, "-L", "1, 2,whole", "-o", tmp_path / "s.json")
    assert result.code == 0
    found = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("s-*.json")}
    assert {name: plain["granularity"] for name, plain in found.items()} == {
        "s-1.json": 1,
        "s-2.json": 2,
        "s-whole.json": 3,
    }


def test_an_anonymous_suite_among_others_bricks(cli, model, suite, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.onnx", "Exp")
    path = tmp_path / "share.json"
    options = ("--anonymous", "--pad-with", suite, "-o", path)
    assert cli("bricks", "generate", other, *options).code == 0
    text = path.read_text()
    assert "other" not in text
    assert "small" not in text
    plain = json.loads(text)
    assert len(plain["bricks"]) == 4
    assert [len(each["composition"]) for each in plain["models"]] == [2]


def test_adding_a_model_says_how_many_bricks_are_new(cli, suite, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.onnx", "Exp", "Tanh")
    result = cli("bricks", "add", suite, other)
    assert result.code == 0
    assert result.err.splitlines()[-1] == (
        f"{suite}: 1 new brick, 2 were there; time it with: dlscope bricks run {suite}"
    )
    assert len(json.loads(suite.read_text())["models"]) == 2


def test_adding_a_model_whose_bricks_are_known_says_so(cli, suite, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.onnx", "Tanh")
    path = tmp_path / "joined.json"
    result = cli("bricks", "add", suite, other, "-o", path)
    assert result.err.splitlines()[-1] == f"{path}: no new brick, 2 were there"
    assert len(json.loads(suite.read_text())["models"]) == 1


def test_stats_tell_what_a_suite_holds(cli, suite) -> None:
    result = cli("bricks", "stats", suite, "--format", "json")
    assert result.code == 0
    (row,) = result.rows("stats")
    assert [row[each] for each in ("model", "layers", "free", "bricks", "new")] == [
        *("small", 3, 0, 3, 3)
    ]
    assert {each["operators"] for each in result.rows("operators")} == {"Sigmoid", "Tanh", "MatMul"}


@pytest.mark.slow
def test_from_models_to_their_composition(cli, model, suite, tmp_path: Path) -> None:
    result = cli("bricks", "run", suite, *QUICK, "--file", model, "--format", "json")
    assert result.code == 0
    (row,) = result.rows("composition")
    asked = ("model", "composed_ns", "measured_ns", "ratio", "lo_ns", "hi_ns")
    assert set(asked) <= set(row)
    assert row["model"] == "small"
    assert row["lo_ns"] <= row["composed_ns"] <= row["hi_ns"]
    assert "walking over 3 bricks of at most 1 layer, process 1 of 1" in result.err
    again = cli("bricks", "run", suite, *QUICK, "--file", model, "--format", "json")
    assert "walking" not in again.err
    assert again.data["tables"] == result.data["tables"]
    (tmp_path / "told.json").write_text(result.out)
    options = ("--model", "small", "--against", tmp_path / "told.json", "--format", "json")
    (against,) = cli("bricks", "compose", suite, *options).rows("composition")
    assert against["measured_ns"] == row["measured_ns"]
    assert cli("bricks", "compose", suite).out.startswith("Rebuilt from bricks of at most 1 layer")


@pytest.mark.slow
def test_ctrl_c_ends_everything_and_says_what_is_kept(suite, store) -> None:
    command = [sys.executable, "-m", "dlscope.cli", "bricks", "run", str(suite)]
    process = subprocess.Popen(
        [*command, "--no-whole", "--processes", "9"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=dict(os.environ),
    )
    for line in process.stderr:
        if "process 1 of 9" in line:
            break
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert "interrupted; what was measured is kept" in err
    assert "Traceback" not in err
    assert out == ""
    assert process.returncode == 130


def told(what: str, where: object, fix: str, outcome: str = ", nothing was run") -> str:
    return f"{what}\n  where  {where}\n  fix    {fix}\n\n1 problem{outcome}. Exit code 1.\n"


def test_a_suite_that_is_not_there(cli) -> None:
    for command in ("run", "compose", "stats"):
        result = cli("bricks", command, "nowhere.json")
        assert (result.code, result.out) == (1, "")
        assert result.err == told(
            "GraphError: the suite cannot be read: No such file or directory",
            "nowhere.json",
            "give a file that dlscope bricks generate wrote",
        )


def test_a_suite_that_is_none(cli, tmp_path: Path) -> None:
    path = tmp_path / "suite.json"
    path.write_text('{"kind": "plan"}')
    result = cli("bricks", "run", path)
    assert result.err == told(
        "GraphError: the suite is damaged: it does not say that it is a suite",
        path,
        "generate it again with: dlscope bricks generate",
    )


def test_a_folder_that_is_not_there(cli, model, tmp_path: Path) -> None:
    result = cli("bricks", "generate", model, "-o", tmp_path / "nowhere" / "suite.json")
    assert result.code == 1
    assert result.err.endswith(
        told(
            "FileError: the file cannot be written: No such file or directory",
            tmp_path / "nowhere" / "suite.json",
            "name a file in a folder that exists and that you may write to",
        )
    )


def test_a_suite_without_times(cli, suite) -> None:
    result = cli("bricks", "compose", suite)
    assert (result.code, result.out) == (1, "")
    assert result.err == told(
        "MeasurementError: no brick of the suite has a time here",
        "benchmark database",
        "time them first: dlscope bricks run SUITE; what was timed with other packages, "
        "on another machine, in another scope or, if not asked for, with --quick does not count",
        outcome="",
    )


def test_an_unknown_model(cli, tmp_path: Path) -> None:
    result = cli("bricks", "generate", "squeezenet1_2", "-o", tmp_path / "suite.json")
    assert result.code == 1
    assert result.err.endswith(
        told(
            "ManifestError: there is no model 'squeezenet1_2'",
            "the catalog",
            "did you mean squeezenet1_1?",
        )
    )


def test_a_model_that_the_suite_lacks(cli, suite) -> None:
    result = cli("bricks", "compose", suite, "--model", "smal")
    assert result.err == told(
        "GraphError: the suite has no model 'smal'", "suite", "did you mean small?"
    )


@pytest.mark.parametrize("text", ["0", "-1", "1,", "two", "1.5"])
def test_a_size_that_is_none(cli, model, text: str) -> None:
    word = next(each.strip() for each in text.split(",") if each != "1")
    result = cli("bricks", "generate", model, f"--granularity={text}")
    assert result.code == 1
    assert result.err == told(
        f"PlanError: {word!r} is neither a positive whole number nor whole",
        "--granularity",
        "write it as 1,4,whole",
    )


USAGE = {
    "cut": (
        ("--cut", "sliced"),
        "Invalid value for --cut: 'sliced' is none of executed, authored",
    ),
    "partition": (
        ("--partition", "some"),
        "Invalid value for --partition: 'some' is none of standard, overlapping",
    ),
    "decoys": (("--pad-with", "x.json"), "Invalid value for --pad-with: only with --anonymous"),
}


@pytest.mark.parametrize("wrong", USAGE)
def test_wrong_usage_of_generate(cli, model, tmp_path: Path, wrong: str) -> None:
    options, message = USAGE[wrong]
    result = cli("bricks", "generate", model, *options, "-o", tmp_path / "suite.json")
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "suite.json").exists()


def test_wrong_usage_of_run(cli, suite) -> None:
    result = cli("bricks", "run", suite, "--scope", "layer")
    assert result.code == 2
    assert "Invalid value for --scope: 'layer' is none of suite, model" in result.err
    assert cli("bricks", "run", suite, "--processes", "0").code == 2
    assert cli("bricks", "run").code == 2


def test_a_time_that_is_none(cli, suite) -> None:
    result = cli("bricks", "run", suite, "--max-seconds", "-1")
    assert result.err == told(
        "PlanError: max_seconds is -1.0", "protocol", "ask for a number of seconds"
    )
