from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlscope.backends.captured_output import CapturedOutput, hand_on


def test_what_native_code_writes_is_taken_aside_and_the_rest_is_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    output = CapturedOutput()
    os.write(1, b"before\n")
    output.start()
    ctypes.CDLL(None).printf(b"native\n")
    os.write(1, b"python\n")
    text = output.stop()
    os.write(1, b"after\n")
    assert sorted(text.decode().splitlines()) == ["native", "python"]
    assert capfd.readouterr().out == "before\nafter\n"


def test_position_is_how_much_was_written() -> None:
    output = CapturedOutput()
    assert output.position() == 0
    output.start()
    os.write(1, b"12345")
    assert output.position() == 5
    subprocess.run(["echo", "child"], check=True)
    assert output.position() == 11
    assert output.stop() == b"12345child\n"
    assert output.position() == 0


def test_can_be_started_again_but_not_twice() -> None:
    output = CapturedOutput()
    for text in (b"one", b"two"):
        output.start()
        os.write(1, text)
        assert output.stop() == text
    assert output.stop() == b""
    output.start()
    with pytest.raises(RuntimeError, match="standard output is captured already"):
        output.start()
    output.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="open files are listed by Linux")
def test_no_file_descriptor_stays_open() -> None:
    output, listing = CapturedOutput(), Path("/proc/self/fd")
    before = len(list(listing.iterdir()))
    output.start()
    output.stop()
    assert len(list(listing.iterdir())) == before


def test_hands_on_all_but_the_marked_rest_of_lines(capfd: pytest.CaptureFixture[str]) -> None:
    hand_on(b"a\nMKL 1\nb MKL 2\nonednn 3\nc", (b"MKL", b"onednn"))
    assert capfd.readouterr().out == "a\nb c"
