"""Bytecode of isolated stacks: compiled once for each distribution and Python, then only linked.

Compiling is most of the work of making a stack, and depends on nothing but the sources. It is kept
by the digest of what a distribution says its sources are, so that a stack made again, and another
one that shares a distribution with it, get links. The bytecode does not look at its source again
(PEP 552, unchecked): the times of the files do not matter.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from dlscope.catalog.cache import cache_folder
from dlscope.core.digest import digest
from dlscope.core.errors import StackError

_COMPILE = ("-I", "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash", "-i", "-")
_IS_PYTHON = """
import sys
for path in sys.stdin.read().split("\\n"):
    try:
        compile(open(path, "rb").read(), path, "exec")
    except (SyntaxError, ValueError):
        continue
    print(path)
"""
_ALL_CORES = threading.Lock()


@final
@dataclass(frozen=True)
class _Sources:
    """The modules of one distribution below `site`, for a Python such as 311.

    `key` is None where the distribution does not say what its modules hold.
    """

    site: Path
    modules: tuple[str, ...]
    tag: str
    key: str | None

    def compiled(self) -> Iterator[str]:
        """Where the bytecode of each module belongs, below `site`."""
        for module in self.modules:
            folder, slash, name = module.rpartition("/")
            yield f"{folder}{slash}__pycache__/{name.removesuffix('.py')}.cpython-{self.tag}.pyc"


def give_bytecode(folder: Path, python: str) -> None:
    """Have every module of the environment in `folder`, of Python `python`, compiled.

    Raises `StackError` where the bytecode of a module cannot be written.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    distributions = [_sources(record, python) for record in sorted(site.glob("*.dist-info/RECORD"))]
    new = [each for each in distributions if not _linked(each)]
    _compile(folder / "bin" / "python", [each.site / m for each in new for m in each.modules])
    _require_written(folder / "bin" / "python", new)
    for each in new:
        _keep(each)


def forget_unlinked() -> int:
    """Remove the bytecode that no stack has a link to any more; the bytes that are given back."""
    freed = 0
    for kept in _root().iterdir():
        files = [path.stat() for path in kept.rglob("*.pyc")]
        if all(each.st_nlink == 1 for each in files):
            freed += sum(each.st_size for each in files)
            shutil.rmtree(kept, ignore_errors=True)
    return freed


def _root() -> Path:
    root = cache_folder("stacks") / "bytecode"
    root.mkdir(exist_ok=True)
    return root


def _sources(record: Path, python: str) -> _Sources:
    lines = record.read_text(encoding="utf-8").splitlines()
    # The path is in quotation marks where it holds a comma; the digest and the size never do.
    rows = sorted(line.rsplit(",", 2)[:2] for line in lines if _is_module(line))
    is_told = all(told for _, told in rows)
    key = digest([python, rows])[:32] if is_told else None
    modules, tag = tuple(path for path, _ in rows), "".join(python.split(".")[:2])
    return _Sources(record.parent.parent, modules, tag, key)


def _is_module(line: str) -> bool:
    """Whether it can be imported; a script beside the interpreter lies outside, and cannot."""
    return ".py," in line and not line.startswith(("..", "/", '"'))


def _linked(sources: _Sources) -> bool:
    """Whether its bytecode was kept, and is now in its place."""
    if sources.key is None or not (kept := _root() / sources.key).is_dir():
        return False
    for folder, _, files in os.walk(kept):
        place = os.path.join(sources.site, os.path.relpath(folder, kept))  # noqa: PTH118 - see _link
        if files:
            os.makedirs(place, exist_ok=True)  # noqa: PTH103 - see _link
        for name in files:
            _link(f"{folder}/{name}", f"{place}/{name}")
    return True


def _keep(sources: _Sources) -> None:
    """Keep the bytecode of `sources`; another process may keep the same."""
    if sources.key is None:
        return
    unfinished = _root() / f".{sources.key}.{uuid.uuid4().hex[:8]}"
    unfinished.mkdir()
    for path in sources.compiled():
        place = unfinished / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # not all that ends in .py is Python
            _link(f"{sources.site}/{path}", str(place))
    try:
        unfinished.rename(_root() / sources.key)
    except OSError:  # it is there already
        shutil.rmtree(unfinished, ignore_errors=True)


def _link(path: str, place: str) -> None:
    # Text, not paths: a stack has thousands of them.
    try:
        os.link(path, place)
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError:  # no links between these places, or too many already
        shutil.copyfile(path, place)


def _compile(python: Path, modules: Sequence[Path]) -> None:
    """Compile `modules`, on all cores. What is no Python of this version is left as it is."""
    with _ALL_CORES:
        _compile_on(_cores(), python, modules)


def _compile_on(cores: int, python: Path, modules: Sequence[Path]) -> None:
    shares = min(cores, len(modules))
    processes = []
    for share in range(shares):
        listed = "\n".join(map(str, modules[share::shares]))
        process = subprocess.Popen(
            [python, *_COMPILE],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        # It reads the whole list before it begins.
        process.stdin.write(listed)
        process.stdin.close()
        processes.append(process)
    for process in processes:
        process.wait()


def _require_written(python: Path, new: Sequence[_Sources]) -> None:
    """Not all that ends in .py is Python, but what is must have been compiled now."""
    missing = [
        f"{sources.site}/{module}"
        for sources in new
        for module, place in zip(sources.modules, sources.compiled(), strict=True)
        if not (sources.site / place).is_file()
    ]
    if not missing:
        return
    told = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", _IS_PYTHON],
        input="\n".join(missing),
        capture_output=True,
        text=True,
        check=False,
    )
    unwritten = told.stdout.splitlines()
    if unwritten or told.returncode:
        raise StackError(
            f"the bytecode of {len(unwritten) or len(missing)} modules cannot be written",
            where=(unwritten or missing)[0],
            fix="see whether the disk is full, and whether there is memory for the compiler",
        )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
