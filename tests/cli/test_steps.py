from __future__ import annotations

import io
import sys

import pytest

from dlscope.cli.steps import BEGINS_AGAIN, RESUMES, Steps


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_off_a_terminal_each_step_is_said_once(capsys) -> None:
    with Steps("bricks run") as steps:
        for step, share in (("cutting", 0.0), ("cutting", 0.5), ("walking", 0.0)):
            steps.told(step, share)
    said = capsys.readouterr()
    assert said.err == "bricks run: cutting\nbricks run: walking\n"
    assert said.out == ""


def test_off_a_terminal_a_long_step_says_how_far_it_is(capsys, monkeypatch) -> None:
    with Steps("bricks run") as steps:
        steps.told("walking", 0.0)
        monkeypatch.setattr(steps._pace, "is_due", lambda: True)
        steps.told("walking", 0.4)
    assert capsys.readouterr().err == "bricks run: walking\nbricks run: walking, 40%\n"


def test_off_a_terminal_many_steps_are_said_every_ten_seconds_and_where_they_begin_anew(
    capsys, monkeypatch
) -> None:
    with Steps("adapt train", many=True) as steps:
        for step in range(1, 9):
            monkeypatch.setattr(steps._pace, "is_due", lambda step=step: step == 4)
            steps.told(f"warm_start, step {step} of 8", step / 8)
        for step in range(1, 9):
            steps.told(f"adv, step {step} of 8", step / 8)
    assert capsys.readouterr().err.splitlines() == [
        "adapt train: warm_start, step 1 of 8",
        "adapt train: warm_start, step 4 of 8, 50%",
        "adapt train: adv, step 1 of 8",
    ]


def test_on_a_terminal_there_is_a_bar_with_what_is_being_done(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    steps = Steps("bricks run")
    steps.told("walking over 4 bricks", 0.25)
    title, bar, now = str(steps._block()).split("\n")
    assert title == "bricks run"
    assert bar.startswith("━" * 10 + "╌" * 30 + " 25%")
    assert now == "now  walking over 4 bricks"


@pytest.mark.parametrize(("share", "shown"), [(-1.0, "0%"), (2.0, "100%")])
def test_a_share_is_a_share(monkeypatch, share: float, shown: str) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    steps = Steps("bricks run")
    steps.told("walking", share)
    assert f" {shown}  " in str(steps._block())


def test_the_bar_is_gone_afterwards(monkeypatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with Steps("bricks run") as steps:
        steps.told("walking", 0.5)
    assert steps._live is not None
    assert not steps._live.is_started


def test_an_interrupt_says_what_is_kept(capsys) -> None:
    with pytest.raises(KeyboardInterrupt), Steps("bricks run"):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == (
        "interrupted; what was measured is kept, run the same command again to go on\n"
    )


@pytest.mark.parametrize(
    ("afterwards", "said"),
    [
        (RESUMES, "what was done is kept, run the same command with --resume to go on"),
        (BEGINS_AGAIN, "nothing is kept, the same command begins again"),
    ],
)
def test_an_interrupt_says_how_the_command_goes_on(capsys, afterwards: str, said: str) -> None:
    with pytest.raises(KeyboardInterrupt), Steps("skynet train", afterwards):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == f"interrupted; {said}\n"


def test_an_error_is_left_to_those_who_show_errors(capsys) -> None:
    with pytest.raises(ValueError, match="wrong"), Steps("bricks run"):
        raise ValueError("wrong")
    assert capsys.readouterr().err == ""
