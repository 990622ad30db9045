"""`compiled`: the test bench of an accelerator, built by the C++ compiler of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dlscope.core.errors import SearchError

FLAGS = ("-O2", "-std=c++14", "-Wall", "-Wno-unknown-pragmas")
SOURCES = ("accelerator.cpp", "testbench.cpp")
_VARIABLE, _USUAL = "CXX", "g++"
_SECONDS = 600
_TOLD_LINES = 5


def compiled(folder: Path) -> Path:
    """The test bench of the sources in `folder`, which is where it is built.

    The compiler is `$CXX`, or g++. Raises `SearchError` where there is none, and with its words
    where it refuses.
    """
    program = folder / "testbench"
    command = [_compiler(), *FLAGS, *SOURCES, "-o", program.name]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        words = "\n".join(done.stderr.splitlines()[:_TOLD_LINES])
        raise SearchError(
            f"the emitted source does not compile: {words}",
            where=" ".join(command),
            fix="set CXX to a compiler of C++14; with one, this is an error of dlscope",
        )
    return program


def _compiler(environment: Mapping[str, str] = os.environ) -> str:
    asked = environment.get(_VARIABLE, _USUAL)
    found = shutil.which(asked)
    if found is None:
        raise SearchError(
            f"there is no C++ compiler {asked!r}",
            where="verification of the emitted source",
            fix="install g++, or set CXX to the compiler; nothing is emitted that was not run",
        )
    return found
