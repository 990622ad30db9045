"""Long commands killed at random moments: nothing is lost, nobody is left, the next ends well."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left below /proc"),
]
_MARK = "DLSCOPE_TEST_KILLED"
_SPACE = """
kind: space
schema_version: 1
name: small
input: [1, 8, 8]
classes: 10
stem: {c_out: 8, k: 3, stride: 1}
head: {c_out: 24}
quant: [4, 8]
pf: {min: 0, max: 8}
blocks:
  - {name: first, c_out: 12, stride: 2, ops: [{type: mbconv, k: 3, e: 2}, {type: separable, k: 3}]}
  - {name: second, c_out: 12, ops: [{type: mbconv, k: 3, e: 2}, {type: skip}]}
"""
COMMANDS: Mapping[str, str] = {
    "evaluate": "evaluate efficientnet-lite0 --scenario quick",
    "profile": "profile squeezenet1_1 --levels M,L --iterations 3",
    "bricks": "bricks run {folder}/bricks.json --processes 2 --max-seconds 3",
    "bound": "bound run {folder}/bounds.json --seconds 0.05",
    "search": "codesign search --space {folder}/small.yaml --device pynq_z1:pipelined"
    " --data mnist-5k --epochs 1",
    "study": "study preprocessing efficientnet-lite0 --dataset imagenet-mini20",
    "train": "skynet train --out {own}/detector --size 96x48 --width 0.1 --images 64"
    " --val-images 8 --iterations 200 --resume",
    "detector": "skynet search --into {own}/found --device fpga --target 0.9x --form hinge"
    " --depth 3 --width 0.25 --size 64x32 --images 32 --val-images 8 --test-images 8 --epoch 2"
    " --groups 1 --particles 2 --iterations 2 --final-epochs 1 --resume",
    "ablate": "adapt ablate --scenes {folder}/scenes --preset smoke --rows source,adv --seeds 0"
    " --out {own}/ablation",
    "demo": "demo --full --into {own}/loop --output {own}/page.html",
}
"""What is killed; `{folder}` holds what it reads, `{own}` what it writes."""
_LONGEST_S: Mapping[str, float] = {"demo": 120.0}
_MOST_S = 12.0
_KILLS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("read")
    (place / "small.yaml").write_text(_SPACE, encoding="utf-8")
    for kind in ("bricks", "bound"):
        name = place / ("bounds.json" if kind == "bound" else "bricks.json")
        command = [sys.executable, "-m", "dlscope.cli", kind, "generate", "lstm", "-o", str(name)]
        subprocess.run(command, check=True, capture_output=True)
    sizes = ("--size", "64x64", "--source", "4", "--target", "4", "--val", "2")
    command = [sys.executable, "-m", "dlscope.cli", "adapt", "make-scenes", str(place / "scenes")]
    subprocess.run([*command, *sizes], check=True, capture_output=True)
    return place


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.timeout(2400)] if name == "demo" else [])
        for name in COMMANDS
    ],
)
def test_a_killed_command_leaves_nobody_and_ends_well_when_it_is_given_again(
    name: str, folder: Path, tmp_path: Path
) -> None:
    store, mark = tmp_path / "store", f"{name}-{os.getpid()}"
    words = COMMANDS[name].format(folder=folder, own=tmp_path).split()
    command = [sys.executable, "-m", "dlscope.cli", *words, "--store", str(store)]
    own = {**os.environ, _MARK: mark}
    moments = random.Random(name)
    for _ in range(_KILLS):
        begun = subprocess.Popen(
            command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            begun.wait(moments.uniform(0.5, _LONGEST_S.get(name, _MOST_S)))
        begun.send_signal(signal.SIGKILL)
        begun.wait()
        assert not left_after(15.0, mark)
    done = subprocess.run(
        [*command, "--format", "json"], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"]
    assert not left_after(5.0, mark)
    if (store / "dlscope.sqlite").is_file():
        with contextlib.closing(sqlite3.connect(store / "dlscope.sqlite")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def left_after(seconds: float, mark: str) -> list[str]:
    """Commands of processes that are still there when so much time has passed, or none earlier."""
    end = time.monotonic() + seconds
    while (left := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def _marked(mark: str) -> list[str]:
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
