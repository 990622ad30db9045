"""Isolated stacks: environments by the digest of their lock, made once, shared by all processes.

A stack appears by one renaming, whole; whatever breaks on the way leaves nothing behind. Its
folders are read-only: its files are links to the installer's, and nobody may add to them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, final

from dlscope.catalog.cache import cache_folder
from dlscope.core.errors import StackError, did_you_mean
from dlscope.core.manifest.stack import StackLock
from dlscope.stacks.at_work import at_work, is_at_work
from dlscope.stacks.bytecode import forget_unlinked
from dlscope.stacks.making import RECORD, Tell, disk_refusals, make_stack, set_writable
from dlscope.stacks.resolving import framework_version
from dlscope.stacks.uv import Uv

_YOUNG_S = 60
"""A folder may have been made just now, by somebody who is about to say so."""


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

    @property
    def used_utc(self) -> str:
        """When it was last asked for."""
        stamp = (self.folder / RECORD).stat().st_mtime
        return datetime.fromtimestamp(stamp, UTC).isoformat(timespec="seconds")


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
    `StackError` where the installer fails, where the framework cannot be imported, and when the
    disk is full.
    """
    target = stack_folder(framework, lock)
    found = stack_here(framework, lock)
    if found is not None:
        return found
    where = f"stack {target.name}"
    with disk_refusals(where):
        _sweep()
        unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
        unfinished.mkdir()
        try:
            with at_work(unfinished):
                make_stack(unfinished, framework, lock, where, Uv(offline=offline), tell)
                _publish(unfinished, target)
        finally:
            _erase(unfinished)
    made = _read(target)
    assert made is not None
    return made


def stack_here(framework: str, lock: StackLock) -> IsolatedStack | None:
    """The stack of `lock` where it was made already; it counts as used now."""
    folder = stack_folder(framework, lock)
    with contextlib.suppress(OSError):  # it may be another user's, or not there
        os.utime(folder / RECORD)
    return _read(folder)


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
    if fitting:
        fix = f"use one of {', '.join(names)}"
    elif known:
        fix = did_you_mean(text, names)
    else:
        fix = "there is none yet: make one with `dlscope stack create FRAMEWORK==VERSION`"
    raise StackError(
        f"{text!r} means {len(fitting)} stacks" if fitting else f"there is no stack {text!r}",
        where="stacks",
        fix=fix,
    )


def remove_stack(stack: IsolatedStack) -> None:
    """Take it away. Raises `StackError` while a worker runs in it."""
    if is_at_work(stack.folder):
        raise StackError(
            "a worker runs in it",
            where=f"stack {stack.name}",
            fix="wait until the run that uses it has ended",
        )
    unwanted = stack.folder.with_name(f".{stack.name}.{uuid.uuid4().hex[:8]}")
    stack.folder.rename(unwanted)
    _erase(unwanted)


def unused_stacks(days: float) -> tuple[IsolatedStack, ...]:
    """The stacks that nobody has asked for during the last `days`, and that no worker runs in."""
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    old = (stack for stack in isolated_stacks() if stack.used_utc <= before)
    return tuple(stack for stack in old if not is_at_work(stack.folder))


def sweep_stacks() -> int:
    """Remove what killed makers left and bytecode that no stack has; the bytes of the latter."""
    _sweep()
    return forget_unlinked()


def _root() -> Path:
    root = cache_folder("stacks") / "environments"
    root.mkdir(exist_ok=True)
    return root


def _sweep() -> None:
    """Erase stacks that were never finished, and at which nobody works any more."""
    for left in _root().glob(".*"):
        with contextlib.suppress(FileNotFoundError):  # another process may erase the same
            is_young = time.time() - left.stat().st_mtime < _YOUNG_S
            if left.is_dir() and not is_young and not is_at_work(left):
                _erase(left)


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
        set_writable(folder, writable=True)
        shutil.rmtree(folder)
