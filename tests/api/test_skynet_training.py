from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

from dlscope import api
from dlscope.core.errors import DataError, PlanError, TrainingError

FEW = {"size": (96, 48), "width": 0.1, "images": 8, "val_images": 4, "iterations": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "skynet"
    return folder, api.train_skynet(folder, **FEW)


def test_a_training_leaves_detector_model_and_manifest(trained):
    folder, report = trained
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == ["detector.pt", "skynet.onnx", "skynet.yaml", "training.json"]
    assert json.loads((folder / "training.json").read_text())["chosen_iterations"] == 2
    assert report.table("detectors").column("iterations") == (2,)
    assert report.table("detectors").column("images") == (4,)
    command, _ = report.next_commands[0]
    assert command == f"dlscope evaluate {folder / 'skynet.yaml'}"


def test_an_evaluation_finds_what_the_training_said(trained):
    folder, report = trained
    again = api.evaluate_skynet([folder, folder / "detector.pt"], images=4)
    first, second = again.table("detectors").column("mean_iou")
    assert first == second == report.table("detectors").column("mean_iou")[0]


def test_asked_to_stop_it_tells_where_it_is_and_goes_on_to_the_same_weights(trained, tmp_path):
    """With the images that it had prepared."""
    import torch

    told = []
    with pytest.raises(KeyboardInterrupt) as stopped:
        api.train_skynet(
            tmp_path,
            **FEW,
            told=lambda step, _share: told.append(step),
            should_stop=lambda: any(step.startswith("iou") for step in told),
        )
    assert str(stopped.value) == f"iou stopped after step 1 of 2, which is kept in {tmp_path}"
    assert "train: preparing 8 images" in told
    assert len(list(tmp_path.glob("images-*.npz"))) == 1
    again = []
    api.train_skynet(tmp_path, **FEW, told=lambda step, _share: again.append(step))
    assert "train: preparing 8 images" not in again
    whole, parts = (
        torch.load(each / "detector.pt", weights_only=True) for each in (trained[0], tmp_path)
    )
    states = whole["state"], parts["state"]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert not list(tmp_path.glob("images-*.npz"))


def test_asked_to_stop_while_images_are_prepared_it_ends_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt) as stopped:
        api.train_skynet(tmp_path / "there", **FEW, should_stop=lambda: True)
    assert str(stopped.value) == ""
    assert not (tmp_path / "there").exists()


def test_a_finished_training_is_not_trained_again(trained):
    folder, report = trained
    again = api.train_skynet(folder, resume=True, **FEW)
    assert again.table("training") == report.table("training")


def test_a_folder_with_another_training_is_refused(trained):
    folder, _ = trained
    with pytest.raises(PlanError) as caught:
        api.train_skynet(folder, **FEW)
    assert str(caught.value) == (
        "PlanError: a finished training is there\n"
        f"  where  {folder}\n"
        "  fix    evaluate it with --resume, or name another folder with --out"
    )
    with pytest.raises(PlanError) as caught:
        api.train_skynet(folder, resume=True, **{**FEW, "width": 0.2, "images": 9})
    assert str(caught.value) == (
        "PlanError: the training there has another data, width\n"
        f"  where  {folder}\n"
        "  fix    go on with what it was begun with (data uav-synth, 8 images, seed 0, width 0.1), "
        "or name another folder with --out"
    )


def test_a_budget_is_kept_with_what_was_timed(tmp_path):
    asked = {**FEW, "iterations": None, "budget": "0.2s"}
    (count,) = api.train_skynet(tmp_path, **asked).table("detectors").column("iterations")
    kept = json.loads((tmp_path / "training.json").read_text())
    assert min(count, kept["chosen_iterations"], *kept["phase_s"]) > 0
    assert kept["budget_s"] == 0.2


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_drawn(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    told = []
    with pytest.raises(TrainingError) as caught:
        api.train_skynet(
            tmp_path / "there", **FEW, device="cuda", told=lambda step, _: told.append(step)
        )
    assert str(caught.value) == (
        "TrainingError: there is no GPU that torch can use\n"
        "  where  dlscope.training\n"
        "  fix    train on the cpu, or install a build of torch for your GPU"
    )
    assert (told, list(tmp_path.iterdir())) == ([], [])


def test_a_device_that_no_machine_has_is_refused(tmp_path):
    with pytest.raises(PlanError) as caught:
        api.train_skynet(tmp_path, **FEW, device="cpi")
    assert str(caught.value) == (
        "PlanError: there is no device 'cpi'\n  where  skynet train\n  fix    did you mean cpu?"
    )


def test_a_folder_begun_before_there_were_devices_is_gone_on_with(trained):
    folder, report = trained
    asked = json.loads((folder / "training.json").read_text())
    (folder / "training.json").write_text(
        json.dumps({name: value for name, value in asked.items() if name not in ("device",)})
    )
    again = api.train_skynet(folder, resume=True, **FEW)
    assert again.table("training") == report.table("training")


@pytest.mark.parametrize("name", ["network.pt", "network.onnx"])
def test_builds_what_can_be_evaluated_or_run(tmp_path, name):
    report = api.build_skynet(tmp_path / name, "A", width=0.25, size=(96, 48))
    assert report.table("counts").column("network")[0] == "SkyNet A"
    assert (tmp_path / name).stat().st_size > 10_000
    assert (tmp_path / "network.yaml").exists() == (name == "network.onnx")


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (
            lambda path: api.build_skynet(path / "network.h5"),
            PlanError,
            "'.h5' is no form of a network",
        ),
        (
            lambda path: api.train_skynet(path, **FEW, budget="3s"),
            PlanError,
            "iterations and a budget are both given",
        ),
        (
            lambda path: api.train_skynet(path, **FEW, data="uav-sinth"),
            DataError,
            "there are no images 'uav-sinth'",
        ),
        (lambda path: api.train_skynet(path, recipe="x"), PlanError, "there is no recipe 'x'"),
        (lambda _path: api.evaluate_skynet([]), DataError, "there are no weights"),
    ],
)
def test_refuses_what_cannot_be_done(tmp_path, ask, error, message):
    with pytest.raises(error) as caught:
        ask(tmp_path)
    assert caught.value.what == message
