"""`Uv`: the installer that resolves and fills isolated stacks, run as the command it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from dlscope.core.errors import StackError

_FROM_PIP = {
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_NO_INDEX": "UV_NO_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}
"""uv does not read pip's variables: they are handed over where uv's own are not set."""
_OFFLINE = ("network was disabled", "Network connectivity is disabled")
_SAID_LINES = 6


@final
class Refused(Exception):  # noqa: N818 - the installer's answer, which its caller puts into words
    """uv ended with a failure; `said` are its last lines."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    @property
    def is_offline(self) -> bool:
        """Whether it lacked only what it was not allowed to fetch."""
        return any(words in self.said for words in _OFFLINE)

    @property
    def is_full(self) -> bool:
        """Whether there was no space left."""
        return "No space left on device" in self.said or "Disk quota exceeded" in self.said


@final
class Uv:
    """uv with pip's settings, never downloading an interpreter; `offline` uses its cache alone."""

    def __init__(self, *, offline: bool = False) -> None:
        self._command = (_executable(), *(("--offline",) if offline else ()))
        self._variables = uv_variables(os.environ)

    def resolve(
        self, requirements: Sequence[str], python: Path, *options: str, sources: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """`requirements` and all that they need as `name==version`, sorted.

        Of `sources` alone the source is taken, and built. Raises `Refused`.
        """
        asked = ("pip", "compile", "--quiet", "--no-header", "--no-annotate", *_wheels_but(sources))
        told = self._run(
            *(*asked, *options, "--python", str(python), "-"), fed="\n".join(requirements)
        )
        return tuple(sorted(line.split()[0] for line in told.splitlines() if "==" in line))

    def make(self, folder: Path, python: Path) -> None:
        """An empty environment in `folder` that may be moved. Raises `Refused`."""
        self._run("venv", "--quiet", "--relocatable", "--python", str(python), str(folder))

    def fill(
        self, folder: Path, requirements: Sequence[str], *, sources: Sequence[str] = ()
    ) -> None:
        """Install exactly `requirements`, without bytecode, `sources` built. Raises `Refused`."""
        self._run(
            *("pip", "install", "--quiet", "--no-deps", "--no-compile-bytecode"),
            *_wheels_but(sources),
            *("--python", str(folder / "bin" / "python"), "--requirement", "-"),
            fed="\n".join(requirements),
        )

    def _run(self, *arguments: str, fed: str = "") -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            input=fed,
            capture_output=True,
            text=True,
            env=self._variables,
            check=False,
        )
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise Refused("\n".join(lines[-_SAID_LINES:]))
        return done.stdout


def _wheels_but(sources: Sequence[str]) -> list[str]:
    """Options that forbid to build anything but `sources`."""
    options = ["--only-binary", ":all:"]
    for name in sources:
        options += ["--no-binary", name]
    return options


def uv_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` as uv is given them: what pip is told, uv is told."""
    handed = {
        theirs: variables[pips]
        for pips, theirs in _FROM_PIP.items()
        if variables.get(pips) and theirs not in variables
    }
    return {**variables, **handed, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def _executable() -> str:
    """The uv beside the interpreter that runs dlscope, or on the PATH. Raises `StackError`."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise StackError(
            "an isolated stack is made by uv, which is not installed",
            where="stacks",
            fix="pip install uv",
        )
    return found
