"""The command line called as a person would, in this process; workers are real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dlscope.cli.app import main
from dlscope.testing.small_experiment import SmallExperiment, write_experiment


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said where."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Mapping[str, Any]:
        """Standard output as JSON."""
        return json.loads(self.out)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """One table of the JSON contract."""
        found = self.data["tables"][table]
        names = [column["name"] for column in found["columns"]]
        return [dict(zip(names, row, strict=True)) for row in found["rows"]]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    return write_experiment(tmp_path_factory.mktemp("experiment"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "store"
    monkeypatch.setenv("DLSCOPE_STORE", str(folder))
    return folder


@pytest.fixture
def cli(
    store: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """`dlscope …` with an empty store."""

    def run(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["dlscope", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return Result(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def shell(store: Path) -> Callable[..., Result]:
    """`dlscope …` as a process of its own, both outputs piped."""

    def run(*arguments: str | Path, **variables: str) -> Result:
        command = [sys.executable, "-m", "dlscope.cli", *map(str, arguments)]
        environment = {**os.environ, **variables}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def asked(files: SmallExperiment) -> list[str]:
    """The arguments that ask for the small experiment."""
    return [str(files.model), "--dataset", str(files.dataset), "--scenario", str(files.scenario)]
