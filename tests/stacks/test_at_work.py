from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dlscope.stacks.at_work import at_work, is_at_work

_WORKS = """
import pathlib, sys
from dlscope.stacks.at_work import at_work
with at_work(pathlib.Path(sys.argv[1])):
    print("on", flush=True)
    input()
"""


def test_a_folder_is_in_use_while_anybody_works_in_it(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path)
    with at_work(tmp_path), at_work(tmp_path):
        assert is_at_work(tmp_path)
    assert not is_at_work(tmp_path)


def test_it_stays_in_use_under_another_name(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    with at_work(first):
        first.rename(second)
        assert is_at_work(second)


def test_a_folder_that_is_gone_is_not_in_use(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path / "gone")


def test_who_is_killed_works_no_more(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WORKS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"on\n"
        assert is_at_work(tmp_path)
        other.kill()
    assert not is_at_work(tmp_path)
