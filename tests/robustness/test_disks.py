"""Disks that are full or may only be read: clear words, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
Mounted = Callable[[str], Path]


def dlscope(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dlscope.cli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def evaluated(store: Path, items: int) -> subprocess.CompletedProcess[str]:
    return dlscope(
        *("evaluate", "efficientnet-lite0", "--items", str(items), "--scenario", "quick"),
        *("--store", str(store), "--format", "json"),
    )


def fill(place: Path) -> Path:
    filled = place / "filled"
    with filled.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filled


def test_a_full_store_says_so_and_takes_the_next_run_when_there_is_room(mounted: Mounted) -> None:
    disk = mounted("4m")
    first = evaluated(disk / "store", 2)
    assert first.returncode == 0
    filled = fill(disk)
    refused = evaluated(disk / "store", 3)
    assert refused.returncode == 1
    assert refused.stderr.startswith("StoreError: the disk of the store is full\n")
    assert "Traceback" not in refused.stderr
    filled.unlink()
    again = evaluated(disk / "store", 3)
    assert again.returncode == 0
    (known,) = json.loads(evaluated(disk / "store", 2).stdout)["runs"]
    assert [known] == json.loads(first.stdout)["runs"]


def test_a_store_that_may_only_be_read_says_so(mounted: Mounted) -> None:
    disk = mounted("4m")
    assert evaluated(disk / "store", 2).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused = evaluated(disk / "store", 3)
    assert refused.returncode == 1
    assert refused.stderr.startswith("StoreError: the store cannot be written\n")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("bricks", "generate", "lstm", "-o"),
        ("bound", "generate", "lstm", "-o"),
        ("models", "--format", "html", "-o"),
    ],
    ids=["bricks", "bound", "models"],
)
def test_a_file_on_a_full_disk_is_not_begun(mounted: Mounted, command: tuple[str, ...]) -> None:
    disk = mounted("1m")
    fill(disk)
    refused = dlscope(*command, str(disk / "written"))
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-5:-2] == [
        "FileError: the disk is full",
        f"  where  {disk}/written",
        "  fix    free some space, or choose another place",
    ]
    assert [each.name for each in disk.iterdir()] == ["filled"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
# Short output is written when the interpreter ends, long output before.
@pytest.mark.parametrize("command", ["models", "--version"])
def test_standard_output_on_a_full_disk_is_told(command: str) -> None:
    buffered = {name: each for name, each in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        refused = subprocess.run(
            [sys.executable, "-m", "dlscope.cli", command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=buffered,
        )
    assert refused.returncode == 1
    assert refused.stderr.startswith("FileError: the disk is full\n  where  standard output\n")
    assert "Traceback" not in refused.stderr
    assert "Exception ignored" not in refused.stderr
