"""What goes to standard output is what dlscope writes, whatever libraries print on the way."""

from __future__ import annotations

import os
import subprocess
import sys

NOISY = """
import ctypes, sys
from dlscope.cli import app as module
command = module.app

def noisy():
    ctypes.CDLL(None).puts(b"a greeting of a library")
    command()

module.app = noisy
sys.argv = ["dlscope", "models", "--format", "json"]
module.main()
"""


def test_what_libraries_print_is_kept_out_of_what_is_parsed() -> None:
    buffered = {name: each for name, each in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", NOISY], capture_output=True, text=True, check=False, env=buffered
    )
    assert done.returncode == 0
    assert "greeting" not in done.stdout
    assert "a greeting of a library" in done.stderr
    assert done.stdout.startswith("{")


def test_without_a_standard_output_it_still_ends_well() -> None:
    command = [sys.executable, "-m", "dlscope.cli", "models"]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], capture_output=True)
    assert b"Traceback" not in done.stderr
