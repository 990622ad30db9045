from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

from dlscope import api
from dlscope.core.errors import PlanError, TrainingError


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    api.make_scenes(folder, size=(64, 64), source=4, target=4, val=2)
    return folder


def trained(scenes, folder, **options):
    asked = {"preset": "smoke", "size": (64, 64), "steps": 2, "row": "adv_stuff_inst", **options}
    carried = {name: asked.pop(name) for name in ("device", "select", "told") if name in asked}
    request = api.AdaptationRequest(scenes / "source", scenes / "target", **asked)
    return api.train_adaptation(request, folder, **carried)


def test_trains_a_row_on_folders_and_judges_the_last_weights(scenes, tmp_path):
    told = []
    report = trained(scenes, tmp_path, val="val", told=lambda step, _share: told.append(step))
    assert report.title == "Training: adversarial, stuff and instances"
    assert "(one seed, last weights)" in report.answer
    stages = report.table("stages").column("stage")
    assert stages == report.table("scores").column("stage") == ("warm_start", "adv_stuff_inst")
    terms = set(report.table("losses").column("term"))
    assert terms == {"segmentation", "adversarial", "stuff", "instance"}
    assert len(report.table("iou_by_class").rows) == 2 * 19
    blocks = [
        each.name for part in report.sections for each in part.blocks if hasattr(each, "name")
    ]
    assert "target-0" in blocks
    assert any(step.startswith("adv_stuff_inst, step 2 of 2") for step in told)
    log = (tmp_path / "seed-0/adv_stuff_inst/log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["step"] == 2


def test_what_is_trained_is_not_trained_again_and_other_options_are_refused(scenes, tmp_path):
    first = trained(scenes, tmp_path, row="source")
    assert "nothing to judge it by" in first.answer
    assert first.table("scores").rows == ()
    assert trained(scenes, tmp_path, row="source").tables == first.tables
    with pytest.raises(TrainingError, match=r"options\.steps is 2 there, 3 is asked"):
        trained(scenes, tmp_path, row="source", steps=3)


def test_selected_weights_are_judged_beside_the_last_ones(scenes, tmp_path):
    report = trained(scenes, tmp_path, row="adv", val="val", select="oracle")
    assert "Selected by oracle: by labels of the target: " in report.answer
    columns = ("stage", "weights", "step")
    assert [tuple(row[name] for name in columns) for row in report.table("scores")] == [
        ("warm_start", "last", 8),
        ("adv", "last", 2),
        ("adv", "oracle: by labels of the target", 2),
    ]
    assert [command.split(" --out")[0] for command, _ in report.next_commands[:1]] == [
        "dlscope adapt export adv --seed 0 --preset smoke"
    ]
    assert report.next_commands[1][0].endswith(" --select oracle")
    assert report.table("stages").column("device") == ("cpu", "cpu")
    with pytest.raises(TrainingError, match="no weights were selected by target_entropy"):
        trained(scenes, tmp_path, row="adv", val="val", select="target_entropy")


@pytest.mark.parametrize(
    ("select", "whose", "option"),
    [("oracle", "target", "--val"), ("source_val", "source", "--source-val")],
)
def test_selection_by_labels_needs_some(tmp_path, select, whose, option):
    with pytest.raises(PlanError) as refused:
        trained(tmp_path / "nowhere", tmp_path / "out", select=select)
    assert str(refused.value) == (
        f"PlanError: weights are to be selected by {select}, and no labelled part of the {whose} "
        "is there to select by\n"
        "  where  --select\n"
        f"  fix    name one that is not trained on: {option} val"
    )


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_read(scenes, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(TrainingError) as refused:
        trained(scenes, tmp_path / "out", device="cuda")
    assert str(refused.value) == (
        "TrainingError: there is no GPU that torch can use\n"
        "  where  dlscope.training\n"
        "  fix    train on the cpu, or install a build of torch for your GPU"
    )
    assert not (tmp_path / "out").exists()


def test_a_row_that_there_is_not_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(PlanError, match="there is no row 'sims'"):
        trained(tmp_path / "nowhere", tmp_path / "out", row="sims")
    assert not (tmp_path / "out").exists()
