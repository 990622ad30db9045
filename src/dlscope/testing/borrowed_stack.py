"""A stack that borrows what is installed here: real in all but what is inside, made at once."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

from dlscope.core.manifest import StackLock
from dlscope.stacks.isolated import stack_folder
from dlscope.stacks.making import RECORD


def borrowed_stack(framework: str, version: str) -> StackLock:
    """The lock of `version` of `framework`, whose stack sees the packages of this interpreter.

    It lies in the cache, where it is found as any other.
    """
    lock = StackLock(
        python=platform.python_version(),
        platform=sysconfig.get_platform(),
        requirements=(f"{framework}=={version}",),
    )
    folder = stack_folder(framework, lock)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder)], check=True
    )
    packages = sysconfig.get_path("purelib")
    (place,) = folder.glob("lib/python*/site-packages")
    (place / "borrowed.pth").write_text(packages, encoding="utf-8")
    _write_record(folder, framework, version, lock)
    return lock


def _write_record(folder: Path, framework: str, version: str, lock: StackLock) -> None:
    record = {
        "framework": framework,
        "version": version,
        "reported": version,
        "lock": lock.to_json(),
        "size_bytes": 0,
        "seconds": 0.0,
        "created_utc": "2026-01-01T00:00:00+00:00",
    }
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
