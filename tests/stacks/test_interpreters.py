from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlscope.core.errors import StackError
from dlscope.stacks.interpreters import interpreters, suitable

OWN = platform.python_version()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """A machine with interpreters that answer as told, below pyenv or on the PATH."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    interpreters.cache_clear()

    def install(place: str, says: str, code: int = 0) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        path.chmod(0o755)
        return path

    yield install
    interpreters.cache_clear()


def versions() -> list[str]:
    return [each.version for each in interpreters()]


def test_the_one_that_runs_dlscope_comes_first_then_from_new_to_old(machine) -> None:
    machine("pyenv/versions/3.8.1/bin/python", "Python 3.8.1")
    machine("pyenv/versions/3.10.2/bin/python", "Python 3.10.2")
    machine("bin/python3.9", "Python 3.9.7")
    assert versions() == [OWN, "3.10.2", "3.9.7", "3.8.1"]


def test_what_does_not_answer_as_a_python_does_not_count(machine) -> None:
    machine("pyenv/versions/2.7.18/bin/python", "")
    machine("bin/python3.8", "pyenv: python3.8: command not found", 127)
    machine("bin/python3.7", "Python 3.7.5", 1)
    machine("bin/python3.6-config", "Python 3.6.1")
    machine("pyenv/shims/python3.5", "Python 3.5.1")
    assert versions() == [OWN]


def test_the_first_of_several_with_one_version_stays(machine) -> None:
    first = machine("pyenv/versions/3.8.1/bin/python", "Python 3.8.1")
    machine("bin/python3.8", "Python 3.8.1")
    assert [each.path for each in interpreters() if each.version == "3.8.1"] == [first]


def test_those_that_satisfy_a_specifier_keep_their_order(machine) -> None:
    machine("bin/python3.8", "Python 3.8.1")
    machine("bin/python3.9", "Python 3.9.7")
    assert [each.version for each in suitable(">=3.8,<3.10", "here")] == ["3.9.7", "3.8.1"]
    assert suitable("", "here") == interpreters()


def test_a_python_that_is_not_here_is_refused_with_those_found(machine) -> None:
    machine("bin/python3.8", "Python 3.8.1")
    with pytest.raises(StackError) as caught:
        suitable("==3.6.*", "stack mxnet")
    assert caught.value.describe() == (
        "StackError: there is no Python ==3.6.* on this machine\n"
        "  where  stack mxnet\n"
        f"  fix    install one with pyenv or on the PATH; found were {OWN}, 3.8.1"
    )
