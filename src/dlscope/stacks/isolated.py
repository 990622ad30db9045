"""Isolated stacks: environments by the digest of their lock, made once, shared by all processes.

A stack appears by one renaming, whole; whatever breaks on the way leaves nothing behind. Its
folders are read-only: its files are links to the installer's, and nobody may add to them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from dlscope.catalog.cache import cache_folder
from dlscope.core.errors import StackError, did_you_mean
from dlscope.core.manifest.stack import StackLock
from dlscope.stacks.interpreters import suitable
from dlscope.stacks.recipes import recipe_for
from dlscope.stacks.resolving import framework_version
from dlscope.stacks.uv import Refused, Uv

Tell = Callable[[str], None]
RECORD = "dlscope-stack.json"
"""The file in a stack that says what it is; without it there is no stack."""
_LAST_LINES = 3
_IMPORT = "import {module} as m; print(getattr(m, '__version__', ''))"


def _silent(step: str) -> None:
    del step


@final
@dataclass(frozen=True)
class IsolatedStack:
    """A stack that is here; `seconds` is how long it took to make.

    `reported` is the version that the framework itself tells.
    """

    folder: Path
    framework: str
    version: str
    reported: str
    lock: StackLock
    size_bytes: int
    seconds: float
    created_utc: str

    @property
    def name(self) -> str:
        """The name of its folder: framework, version, Python and the digest of its lock."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """The interpreter to start."""
        return self.folder / "bin" / "python"


def stack_name(framework: str, lock: StackLock) -> str:
    """The name under which the stack of `lock` lies in the cache."""
    version = framework_version(framework, lock)
    return f"{framework}-{version}-py{lock.python}-{lock.digest[:12]}"


def stack_folder(framework: str, lock: StackLock) -> Path:
    """Where the stack of `lock` lies, or will lie."""
    return _root() / stack_name(framework, lock)


def provide(
    framework: str, lock: StackLock, *, offline: bool = False, tell: Tell = _silent
) -> IsolatedStack:
    """The stack of `lock`, made where it is not there yet; `tell` hears each step.

    Another process may make the same at the same time: the first stays, both get it. Raises
    `StackError` where the installer fails, and where the framework cannot be imported.
    """
    target = stack_folder(framework, lock)
    found = _read(target)
    if found is not None:
        return found
    unfinished = target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        _make(unfinished, framework, lock, Uv(offline=offline), tell)
        _publish(unfinished, target)
    finally:
        _erase(unfinished)
    made = _read(target)
    assert made is not None
    return made


def stack_here(framework: str, lock: StackLock) -> IsolatedStack | None:
    """The stack of `lock` where it was made already."""
    return _read(stack_folder(framework, lock))


def isolated_stacks() -> tuple[IsolatedStack, ...]:
    """Every stack that is here, by name."""
    folders = sorted(path for path in _root().iterdir() if not path.name.startswith("."))
    return tuple(stack for folder in folders if (stack := _read(folder)) is not None)


def find_stack(text: str) -> IsolatedStack:
    """The stack called `text`, by its name, a unique beginning of it, or its digest's beginning.

    Raises `StackError` when there is none or more than one.
    """
    known = isolated_stacks()
    exact = [stack for stack in known if stack.name == text]
    fitting = exact or [s for s in known if s.name.startswith(text) or s.lock.digest[:12] == text]
    if len(fitting) == 1:
        return fitting[0]
    names = [stack.name for stack in fitting or known]
    raise StackError(
        f"{text!r} means {len(fitting)} stacks" if fitting else f"there is no stack {text!r}",
        where="stacks",
        fix=f"use one of {', '.join(names)}" if fitting else did_you_mean(text, names),
    )


def remove_stack(stack: IsolatedStack) -> None:
    """Take it away; a process that uses it goes on with the files it has open."""
    unwanted = stack.folder.with_name(f".{stack.name}.{uuid.uuid4().hex[:8]}")
    stack.folder.rename(unwanted)
    _erase(unwanted)


def _root() -> Path:
    root = cache_folder("stacks") / "environments"
    root.mkdir(exist_ok=True)
    return root


def _make(folder: Path, framework: str, lock: StackLock, uv: Uv, tell: Tell) -> None:
    where, began = f"stack {stack_name(framework, lock)}", time.perf_counter()
    python = suitable(f"=={lock.python}", where)[0].path
    recipe = recipe_for(framework, framework_version(framework, lock), where)
    tell(f"installing {len(lock.requirements)} distributions on Python {lock.python}")
    try:
        uv.make(folder, python)
        uv.fill(folder, lock.requirements, sources=recipe.sources)
    except Refused as refused:
        raise _not_installed(refused, where) from refused
    tell(f"importing {framework}")
    reported = _imported(folder, framework, recipe.module, where)
    record = {
        "framework": framework,
        "version": framework_version(framework, lock),
        "reported": reported,
        "lock": lock.to_json(),
        "size_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "seconds": round(time.perf_counter() - began, 2),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    _set_writable(folder, writable=False)


def _not_installed(refused: Refused, where: str) -> StackError:
    if refused.is_offline:
        return StackError(
            "some of its distributions are not in the cache, and the network may not be used",
            where=where,
            fix="leave --offline out once, or unset UV_OFFLINE; what is fetched is kept",
        )
    return StackError(
        f"the installer failed: {refused.said}",
        where=where,
        fix="see what the installer says; another version or Python may do",
    )


def _imported(folder: Path, framework: str, module: str, where: str) -> str:
    """The version that the framework tells once imported. Raises `StackError` where it fails."""
    done = subprocess.run(
        [folder / "bin" / "python", "-I", "-c", _IMPORT.format(module=module)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = " · ".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise StackError(
            f"{framework} is installed but cannot be imported: {last}",
            where=where,
            fix="pin what it names, as in `dlscope stack create 'mxnet==1.9.1,numpy<1.24'`",
        )
    lines = done.stdout.split()
    return lines[-1] if lines else ""


def _publish(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:
        # Another process was first: its stack is as good as ours.
        if not target.is_dir():
            raise


def _read(folder: Path) -> IsolatedStack | None:
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except OSError:
        return None
    lock = StackLock.model_validate(record.pop("lock"))
    return IsolatedStack(folder=folder, lock=lock, **record)


def _erase(folder: Path) -> None:
    if folder.is_dir():
        _set_writable(folder, writable=True)
        shutil.rmtree(folder)


def _set_writable(folder: Path, *, writable: bool) -> None:
    """Allow or forbid a change of all folders below; files are links, and the installer's own."""
    for path in [folder, *_folders(folder)]:
        path.chmod(0o755 if writable else 0o555)


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
