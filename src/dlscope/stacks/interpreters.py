"""The Python interpreters of this machine, and which of them a stack can be built on."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from packaging.specifiers import SpecifierSet

from dlscope.core.errors import StackError

_ANSWER = re.compile(r"Python (\d+\.\d+\.\d+)\s*")
_ON_PATH = re.compile(r"python3\.\d+")
_PATIENCE_S = 10


@final
@dataclass(frozen=True)
class Interpreter:
    """A Python that answered when it was asked for its version, such as `3.10.13`."""

    path: Path
    version: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers, for its order."""
        return tuple(map(int, self.version.split(".")))


@functools.cache
def interpreters() -> tuple[Interpreter, ...]:
    """What there is: first the one that runs dlscope, then the others from new to old.

    Looked for are those of pyenv, active or not, and `python3.X` on the PATH; what does not answer
    does not count. Of several with one version the first found stays.
    """
    found: dict[str, Interpreter] = {}
    for path in _candidates():
        version = _version(path)
        if version is not None:
            found.setdefault(version, Interpreter(path, version))
    own = found.pop(next(iter(found)))
    return (own, *sorted(found.values(), key=lambda each: each.numbers, reverse=True))


def suitable(wanted: str, where: str) -> tuple[Interpreter, ...]:
    """The interpreters whose version satisfies the PEP 440 specifier `wanted`, in their order.

    Raises `StackError` naming those found when there is none.
    """
    specifier = SpecifierSet(wanted)
    known = interpreters()
    fitting = tuple(each for each in known if specifier.contains(each.version))
    if not fitting:
        found = ", ".join(each.version for each in known)
        raise StackError(
            f"there is no Python {wanted or 'of any version'} on this machine",
            where=where,
            fix=f"install one with pyenv or on the PATH; found were {found}",
        )
    return fitting


def _candidates() -> Iterator[Path]:
    # In a virtual environment this is the interpreter that it was made from.
    yield Path(getattr(sys, "_base_executable", sys.executable))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python"), reverse=True)
    for folder in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        # Its shims only lead to those above, slowly, and most of them nowhere.
        if folder != pyenv / "shims":
            yield from _on_path(folder)


def _on_path(folder: Path) -> Iterable[Path]:
    try:
        return sorted(each for each in folder.iterdir() if _ON_PATH.fullmatch(each.name))
    except OSError:
        return ()  # the PATH may name folders that do not exist


def _version(path: Path) -> str | None:
    """What the interpreter says it is; None for one that does not run, and for Python 2."""
    try:
        told = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _ANSWER.fullmatch(told.stdout)
    return match[1] if match and told.returncode == 0 else None
