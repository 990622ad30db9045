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
    return api.train_adaptation(scenes / "source", scenes / "target", folder, **asked)


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


def test_a_row_that_there_is_not_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(PlanError, match="there is no row 'sims'"):
        trained(tmp_path / "nowhere", tmp_path / "out", row="sims")
    assert not (tmp_path / "out").exists()
