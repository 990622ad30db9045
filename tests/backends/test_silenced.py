from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from dlscope.backends.silenced import silenced

OPEN_FILES = Path("/proc/self/fd")
SPEAK = """
import os, sys
from dlscope.backends.silenced import silenced

print("before")
with silenced():
    print("python")
    print("python", file=sys.stderr)
    os.write(1, b"native")
    os.write(2, b"native")
print("after")
"""


def _stays_quiet() -> None:
    with silenced():
        os.write(1, b"loading \xff kernels")


def test_lets_nothing_through_and_everything_after() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")


def test_what_was_said_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "dlscope.backends.silenced"):
        _stays_quiet()
    assert [record.getMessage() for record in caplog.records] == ["loading � kernels"]
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_warnings_are_held_back_within_it_alone() -> None:
    with silenced():
        warnings.warn("within", stacklevel=1)
    with pytest.warns(UserWarning, match="after"):
        warnings.warn("after", stacklevel=1)


def test_errors_pass_and_the_streams_are_back() -> None:
    before = [os.fstat(stream).st_ino for stream in (1, 2)]
    with pytest.raises(ValueError, match="broken"), silenced():
        raise ValueError("broken")
    assert [os.fstat(stream).st_ino for stream in (1, 2)] == before


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="the system does not list open files")
def test_leaves_no_file_open() -> None:
    _stays_quiet()
    before = len(list(OPEN_FILES.iterdir()))
    _stays_quiet()
    assert len(list(OPEN_FILES.iterdir())) == before
