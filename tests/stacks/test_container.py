from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.stacks.container import ENGINES, container_answers, container_refusal


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a program on an otherwise empty PATH that says something and ends so."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, code: int, said: str = "") -> None:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)

    return put


def test_a_program_that_fails_is_no_engine(engine) -> None:
    engine("docker", 1, "Cannot connect to the daemon")
    assert container_answers() == {
        "docker": "Cannot connect to the daemon",
        "podman": "not installed",
        "nerdctl": "not installed",
    }
    assert container_refusal("resnet50").describe() == (
        "StackError: an image needs a container, and no container engine works here (docker: "
        "Cannot connect to the daemon; podman: not installed; nerdctl: not installed)\n"
        "  where  resnet50\n"
        "  fix    say what the image holds under stack.env, as requirements, or use "
        "--stack current"
    )


def test_an_engine_that_answers_is_not_driven_either(engine) -> None:
    engine("podman", 0)
    assert container_answers()["podman"] == ""
    assert container_refusal("resnet50").what == (
        "an image needs a container, and dlscope drives none, not even by podman"
    )


def test_a_program_that_says_nothing_and_fails_is_told_by_its_exit_code(engine) -> None:
    engine("nerdctl", 3)
    assert container_answers()["nerdctl"] == "exit code 3"


def test_each_engine_of_this_machine_is_asked() -> None:
    assert list(container_answers()) == list(ENGINES)
