from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlscope.cli.app import app
from dlscope.stacks.isolated import isolated_stacks, stack_folder, stack_name
from dlscope.stacks.making import RECORD
from dlscope.testing.borrowed_stack import borrowed_stack

RUN = CliRunner()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))


def test_lists_shows_and_removes_a_stack() -> None:
    borrowed_stack("onnxruntime", "1.18.0")
    listed = json.loads(RUN.invoke(app, ["stack", "list", "--format", "json"]).stdout)
    ((name, *_),) = listed["tables"]["isolated_stacks"]["rows"]
    shown = RUN.invoke(app, ["stack", "show", name])
    assert f"onnxruntime 1.18.0 on Python {name.partition('-py')[2].partition('-')[0]}." in (
        shown.stdout
    )
    removed = RUN.invoke(app, ["stack", "rm", name])
    assert (removed.stdout, removed.stderr) == ("", f"removed {name}\n")
    assert "0 isolated stacks are here." in RUN.invoke(app, ["stack", "list"]).stdout


def test_removes_what_was_not_asked_for_and_nothing_else() -> None:
    lock = borrowed_stack("onnxruntime", "1.18.0")
    borrowed_stack("onnxruntime", "1.22.1")
    os.utime(stack_folder("onnxruntime", lock) / RECORD, (0, 0))
    removed = RUN.invoke(app, ["stack", "rm", "--unused-for", "30"])
    assert removed.stderr == f"removed {stack_name('onnxruntime', lock)}\n"
    assert [stack.version for stack in isolated_stacks()] == ["1.22.1"]
    assert RUN.invoke(app, ["stack", "rm", "--unused-for", "30"]).stderr == (
        "nothing to remove: no stack has been unused for so long\n"
    )


@pytest.mark.parametrize("given", [[], ["onnxruntime", "--unused-for", "30"]])
def test_what_to_remove_is_said_in_one_way(given: list[str]) -> None:
    refused = RUN.invoke(app, ["stack", "rm", *given])
    assert refused.exit_code == 2
    assert "give either names or --unused-for" in refused.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_versions_are_compared_in_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLSCOPE_STORE", str(tmp_path / "store"))
    asked = ["compare", "efficientnet-lite0", "--items", "2", "--threads", "1"]
    asked += ["-b", "onnxruntime==1.18.0", "-b", "onnxruntime==1.22.1"]
    asked += ["--min-duration-ms", "100", "--min-queries", "3", "--format", "json"]
    result = RUN.invoke(app, asked)
    assert result.exit_code == 0, result.stderr
    tables = json.loads(result.stdout)["tables"]

    def column(table: str, name: str) -> list[object]:
        names = [each["name"] for each in tables[table]["columns"]]
        return [row[names.index(name)] for row in tables[table]["rows"]]

    labels = ["onnxruntime==1.18.0", "onnxruntime==1.22.1"]
    assert column("models", "backend") == labels
    assert column("agreement", "agrees") == [True]
    assert "numpy" in column("stacks", "part")
