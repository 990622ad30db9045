"""`dlscope skynet build`, `train` and `eval` as a person calls them."""

from __future__ import annotations

import json
import signal

import pytest

pytest.importorskip("torch")

from dlscope.cli.app import main
from dlscope.data.contest_images import write_contest_images
from dlscope.data.procedural.uav import UavImages
from dlscope.methods.skynet.detector_training import training

SMALL = ("--size", "96x48", "--width", 0.1)
FEW = (*SMALL, "--images", 8, "--val-images", 4, "--iterations", 2)


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


def test_builds_and_counts(call, tmp_path):
    code, out, err = call("build", tmp_path / "net.pt", *SMALL, "--format", "json")
    assert code == 0
    assert f"written to {tmp_path / 'net.pt'}" in err
    assert len(json.loads(out)["tables"]["layers"]["rows"]) == 13
    code, out, _ = call("eval", tmp_path / "net.pt", "--images", 3, "--format", "json")
    table = json.loads(out)["tables"]["detectors"]
    names = [column["name"] for column in table["columns"]]
    assert dict(zip(names, table["rows"][0], strict=True))["recipe"] == "untrained"


def test_trains_and_tells_how_it_comes_along(call, tmp_path):
    code, out, err = call("train", *FEW, "--out", tmp_path / "it", "--format", "json")
    assert code == 0
    assert "skynet train: iou, step 1 of 2" in err
    assert json.loads(out)["tables"]["training"]["rows"][0][1] == 2
    code, _, err = call("train", *FEW, "--out", tmp_path / "it")
    assert code == 1
    assert "PlanError: a finished training is there" in err


def test_a_wrong_recipe_is_a_wrong_use(call, tmp_path):
    code, _, err = call("train", "--recipe", "best", "--out", tmp_path)
    assert code == 2
    assert "'best' is none of region, iou" in err


def test_a_device_that_is_not_there_ends_with_3(call, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    code, _, err = call("train", *FEW, "--out", tmp_path / "gpu", "--device", "cuda")
    assert code == 3
    assert "TrainingError: there is no GPU that torch can use" in err
    assert not (tmp_path / "gpu").exists()
    code, _, err = call("train", *FEW, "--out", tmp_path / "gpu", "--device", "tpu")
    assert code == 2
    assert "'tpu' is none of cpu, cuda, gpu, auto" in err


def test_ctrl_c_ends_after_the_step_at_hand_and_tells_how_to_go_on(call, tmp_path, monkeypatch):
    taken = training.Stepping.stepped

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)
        return taken(*args)

    with monkeypatch.context() as patched:
        patched.setattr(training.Stepping, "stepped", interrupted)
        code, _, err = call("train", *FEW, "--out", tmp_path / "it")
    assert code == 130
    *_, stopped, go_on = err.splitlines()
    assert stopped == f"iou stopped after step 1 of 2, which is kept in {tmp_path / 'it'}"
    assert go_on.startswith("go on with  dlscope skynet train --size 96x48 ")
    code, _, err = call("train", *FEW, "--out", tmp_path / "it")
    assert (code, "skynet train: iou, step 2 of 2" in err, "preparing 8" in err) == (0, True, False)


def test_ctrl_c_ends_with_130_and_keeps_what_there_is(call, tmp_path, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training.Stepping, "stepped", interrupted)
        code, _, err = call("train", *FEW, "--out", tmp_path / "it")
    assert code == 130
    assert err.endswith(
        "interrupted; what was trained up to the last checkpoint is kept, "
        "run the same command again to go on\n"
    )
    code, _, _ = call("train", *FEW, "--out", tmp_path / "it")
    assert code == 0


def test_an_image_that_cannot_be_read_takes_no_part_and_ends_with_1(call, tmp_path):
    write_contest_images(tmp_path / "data", [UavImages("val", 3)[i] for i in range(3)])
    next((tmp_path / "data").rglob("*.jpg")).write_bytes(b"cut off")
    call("build", tmp_path / "net.pt", *SMALL)
    words = ("eval", tmp_path / "net.pt", "--data", tmp_path / "data", "--format", "json")
    code, out, err = call(*words)
    assert code == 1
    assert "1 image could not be read and took no part" in err
    assert len(json.loads(out)["tables"]["unreadable"]["rows"]) == 1
    code, out, err = call(*words, "--strict")
    assert (code, out) == (1, "")
