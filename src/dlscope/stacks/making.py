"""An isolated stack in the making: installed, compiled, imported once, closed against change."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dlscope.core.errors import StackError
from dlscope.core.manifest.stack import StackLock
from dlscope.stacks.bytecode import give_bytecode
from dlscope.stacks.interpreters import suitable
from dlscope.stacks.recipes import recipe_for
from dlscope.stacks.resolving import framework_version
from dlscope.stacks.uv import Refused, Uv

Tell = Callable[[str], None]
RECORD = "dlscope-stack.json"
"""The file in a stack that says what it is; without it there is no stack."""
_LAST_LINES = 3
_IMPORT = "import {module} as m; print(getattr(m, '__version__', ''))"


def make_stack(
    folder: Path, framework: str, lock: StackLock, where: str, uv: Uv, tell: Tell
) -> None:
    """Fill the empty `folder` with the stack of `lock`, and write its record last.

    Raises `StackError` where the installer fails, and where the framework cannot be imported.
    """
    began = time.perf_counter()
    python = suitable(f"=={lock.python}", where)[0].path
    recipe = recipe_for(framework, framework_version(framework, lock), where)
    tell(f"installing {len(lock.requirements)} distributions on Python {lock.python}")
    try:
        uv.make(folder, python)
        uv.fill(folder, lock.requirements, sources=recipe.sources)
    except Refused as refused:
        raise _not_installed(refused, where) from refused
    tell("compiling what was not compiled before")
    give_bytecode(folder, lock.python)
    tell(f"importing {framework}")
    reported = _imported(folder, framework, recipe.module, where)
    record = {
        "framework": framework,
        "version": framework_version(framework, lock),
        "reported": reported,
        "lock": lock.to_json(),
        "size_bytes": _size_bytes(folder),
        "seconds": round(time.perf_counter() - began, 2),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    set_writable(folder, writable=False)


def set_writable(folder: Path, *, writable: bool) -> None:
    """Allow or forbid a change of all folders below; files are links, and the installer's own."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o755 if writable else 0o555)  # noqa: PTH101 - thousands of them


def _not_installed(refused: Refused, where: str) -> StackError:
    if refused.is_offline:
        return StackError(
            "some of its distributions are not in the cache, and the network may not be used",
            where=where,
            fix="leave --offline out once, or unset UV_OFFLINE; what is fetched is kept",
        )
    if refused.is_full:
        return _disk_full(where)
    return StackError(
        f"the installer failed: {refused.said}",
        where=where,
        fix="see what the installer says; another version or Python may do",
    )


@contextmanager
def disk_refusals(where: str) -> Iterator[None]:
    """Turns what the disk of the stacks refuses inside into `StackError`s at `where`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(where) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StackError(
                f"the folder of the stacks cannot be written: {error.filename}",
                where=where,
                fix="ask its owner to make the stack, or choose another place with $DLSCOPE_CACHE",
            ) from error
        raise


def _disk_full(where: str) -> StackError:
    return StackError(
        "the disk of the stacks is full",
        where=where,
        fix="free some space, as with `dlscope stack rm`, or choose another place with "
        "$DLSCOPE_CACHE and $UV_CACHE_DIR",
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


def _size_bytes(folder: Path) -> int:
    total, places = 0, [os.fspath(folder)]
    while places:
        with os.scandir(places.pop()) as entries:
            for each in entries:
                if each.is_dir(follow_symlinks=False):
                    places.append(each.path)
                else:
                    total += each.stat(follow_symlinks=False).st_size
    return total
