from __future__ import annotations

import sys
import time

import pytest

from dlscope.agents.child_process import ChildProcess

ECHO = (
    "import os, sys\n"
    "sys.stderr.write('a library says hello\\n')\n"
    "for line in sys.stdin:\n"
    "    sys.stdout.write(os.environ.get('GREETING', '') + line)\n"
    "    sys.stdout.flush()\n"
)
DEAF = "import sys, time; sys.stderr.write('one\\ntwo\\n\\nthree\\nfour\\n'); time.sleep(60)"
FAILING = "import sys; sys.stderr.write('out of luck\\n'); sys.exit(7)"


def command(script: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", script)


def test_lines_are_answered_with_lines() -> None:
    with ChildProcess(command(ECHO), {"GREETING": "hello "}) as child:
        child.tell("world")
        child.tell("moon")
        assert [child.answer(), child.answer()] == ["hello world\n", "hello moon\n"]


def test_one_that_died_is_told_with_its_last_words() -> None:
    with ChildProcess(command(FAILING)) as child:
        assert child.answer() == ""
        child.tell("too late")
        child.tell("twice")
        assert child.ended("the child") == "the child ended with code 7: out of luck"


def test_one_that_is_ended_gives_no_answer() -> None:
    with ChildProcess(command(DEAF)) as child:
        child.kill()
        assert child.answer() == ""
        assert child.ended("it").startswith("it ended with code -")


@pytest.mark.parametrize("script", [ECHO, DEAF])
def test_whatever_it_does_it_is_gone_afterwards(script: str) -> None:
    child = ChildProcess(command(script))
    begin = time.monotonic()
    child.end(patience_s=0.2)
    assert time.monotonic() - begin < 30
    assert child._process.poll() is not None
