from __future__ import annotations

from dataclasses import replace

import pytest
import small_domains

torch = pytest.importorskip("torch")

from normalised_segmenter import NormalisedSegmenter  # noqa: E402 - after the check for torch

from dlscope.core.errors import DataError  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.ablation import Ablation  # noqa: E402 - as above
from dlscope.methods.adaptation.ablation_tables import paired_table  # noqa: E402 - as above
from dlscope.methods.adaptation.domains import Domains  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.recipes import all_rows  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.training import Training  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import SEGMENTERS  # noqa: E402 - after the check for torch


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    small_domains.written(folder)
    return folder


def domains(scenes, **options) -> Domains:
    return Domains.of_scenes(scenes, replace(small_domains.OPTIONS, steps=1, **options))


def test_statistics_of_the_target_are_a_baseline_of_their_own(scenes, tmp_path, monkeypatch):
    monkeypatch.setitem(SEGMENTERS, "normalised", NormalisedSegmenter)
    assert "adabn" in all_rows("normalised")
    asked = domains(scenes, network="normalised")
    results = Ablation(tmp_path, asked).run(["adabn", "adv"], [0])
    assert [each["row"] for each in results] == ["warm_start", "source", "adabn", "adv"]
    assert {(each["row"], each["against"]) for each in paired_table(results)} == {
        ("adabn", "source"),
        ("adv", "source"),
        ("adv", "adabn"),
    }
    source, adabn = (Training(tmp_path, asked, 0).row(row) for row in ("source", "adabn"))
    differing = {
        name
        for name, value in source.network.state_dict().items()
        if not torch.equal(value, adabn.network.state_dict()[name])
    }
    assert differing >= {"normalisation.running_mean", "normalisation.running_var"}
    assert {name.split(".")[0] for name in differing} == {"normalisation"}
    assert adabn.warnings == ()


def test_guards_change_what_is_matched_alone(scenes, tmp_path):
    """Before half of the steps nothing is matched: one step is that of the discriminator."""
    training = Training(tmp_path, domains(scenes, warm_up_steps=1), 0)
    adv, guarded, sim = (
        training.row(row).network.state_dict() for row in ("adv", "sim_guarded", "adv_stuff_inst")
    )
    assert all(torch.equal(value, guarded[name]) for name, value in adv.items())
    assert sim.keys() == adv.keys()


@pytest.mark.slow
def test_a_second_stage_may_begin_with_the_warm_start_again(scenes, tmp_path):
    ended = []
    for restarts in (False, True):
        asked = domains(scenes, warm_up_steps=1, restarts=restarts)
        training = Training(tmp_path / str(restarts), asked, 0)
        ended.append(training.row("adv_st").network.state_dict()["classifier.weight"])
    start = training.row("warm_start").network.state_dict()["classifier.weight"]
    far, near = (float((each - start).abs().mean()) for each in ended)
    assert near < far


def test_weights_of_caffe_for_another_network_are_refused(scenes, tmp_path):
    asked = domains(scenes, initial=str(tmp_path / "weights.pth"))
    with pytest.raises(DataError, match="sceneseg_lite has no weights of Caffe"):
        Training(tmp_path / "out", asked, 0).row("source")
