"""`dlscope adapt …` as a person calls it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from dlscope.cli.app import main  # noqa: E402 - after the check for torch


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "adapt", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


def made(call, folder):
    sizes = ("--size", "64x64", "--source", 3, "--target", 3, "--val", 2)
    assert call("make-scenes", folder, *sizes)[0] == 0
    return folder


def train(call, scenes, out, *more):
    return call(
        *("train", "source", "--source", scenes / "source", "--target", scenes / "target"),
        *("--preset", "smoke", "--size", "64x64", "--steps", 1, "--out", out, *more),
    )


def test_trains_on_folders_and_tells_as_json(call, tmp_path):
    scenes = made(call, tmp_path / "scenes")
    code, out, err = train(call, scenes, tmp_path / "out", "--val", "val", "--format", "json")
    assert code == 0
    assert set(json.loads(out)["tables"]) == {
        *("stages", "losses", "scores", "iou_by_class", "gain_by_class"),
    }
    assert "adapt train: source, step 1 of 1" in err


def test_a_folder_without_images_ends_with_1_and_what_is_expected(call, tmp_path):
    (tmp_path / "scenes/source").mkdir(parents=True)
    code, out, err = train(call, tmp_path / "scenes", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "there are no images of format cityscapes" in err
    assert "Traceback" not in err


def test_an_unknown_layout_is_a_wrong_use(call, tmp_path):
    code, _, err = train(call, tmp_path, tmp_path / "out", "--source-layout", "kitti")
    assert code == 2
    assert "'kitti' is none of cityscapes, gta5, synthia, folder" in " ".join(err.split())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_ends_after_the_step_at_hand_and_the_command_goes_on(call, tmp_path):
    """With a real signal, to the same weights bit for bit."""
    row = "adv_stuff_inst"
    scenes = made(call, tmp_path / "scenes")
    command = [
        Path(sys.executable).with_name("dlscope"),
        "adapt",
        "train",
        row,
        "--preset",
        "smoke",
    ]
    command += ["--source", scenes / "source", "--target", scenes / "target", "--size", "64x64"]
    command += ["--steps", 16, "--out"]

    def begun(folder):
        words = list(map(str, [*command, tmp_path / folder]))
        own = {"OMP_NUM_THREADS": "1", "DLSCOPE_STORE": str(tmp_path / "store")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(words, env={**os.environ, **own}, **quiet)

    with begun("whole") as whole:
        assert (whole.communicate()[1], whole.returncode)[1] == 0
    stage = tmp_path / "parts/seed-0" / row
    with begun("parts") as stopped:
        while not (stage / "log.jsonl").is_file() and stopped.poll() is None:
            time.sleep(0.01)
        stopped.send_signal(signal.SIGINT)
        told = stopped.communicate()[1]
    assert stopped.returncode == 130
    assert f"{row} of seed 0 stopped after step " in told
    assert told.splitlines()[-1].startswith(f"go on with  dlscope adapt train {row} --preset smoke")
    assert list(stage.glob("checkpoint-*.pt"))
    assert not (stage / "network.pt").is_file()
    with begun("parts") as resumed:
        assert (resumed.communicate()[1], resumed.returncode)[1] == 0
    whole, parts = (
        torch.load(tmp_path / each / "seed-0" / row / "network.pt", weights_only=True)
        for each in ("whole", "parts")
    )
    assert parts["history"] == whole["history"]
    assert all(torch.equal(value, parts["state"][name]) for name, value in whole["state"].items())
    assert sorted(path.name for path in stage.glob("*.pt")) == ["network.pt"]


@pytest.mark.slow
def test_an_ablation_shows_what_networks_see(call, tmp_path):
    scenes = made(call, tmp_path / "scenes")
    page = tmp_path / "ablation.html"
    code, _, _ = call(
        *("ablate", "--scenes", scenes, "--preset", "smoke", "--rows", "source,sim_guarded,adabn"),
        *("--seeds", "0,1", "--out", tmp_path / "out", "--format", "html", "--output", page),
    )
    assert code == 0
    text = page.read_text()
    assert "data:image/png;base64" in text
    assert "sceneseg_lite keeps no statistics: adabn is source" in text
    assert "SIM with guards" in text
