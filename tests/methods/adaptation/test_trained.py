from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import PlanError, TrainingError  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.options import LIGHT, PAPER  # noqa: E402 - after the check
from dlscope.methods.adaptation.selecting import Selected  # noqa: E402 - after the check
from dlscope.methods.adaptation.trained import (  # noqa: E402 - after the check for torch
    Trained,
    new_network,
    read_trained,
    trained_network,
    write_trained,
)


@pytest.fixture
def kept(tmp_path):
    """A light network below a folder, as row `adv` of seed 0."""
    path = tmp_path / "seed-0/adv/network.pt"
    trained = Trained(
        new_network(LIGHT), ({"step": 4.0},), 1.5, 2.5, 0.25, ("odd",), unmatched={"train": 0}
    )
    write_trained(path, trained)
    return path, trained


def test_what_is_written_is_read(kept):
    path, trained = kept
    again = read_trained(path, new_network(LIGHT))
    assert (again.history, again.cpu_s, again.kept, again.warnings, again.unmatched) == (
        ({"step": 4.0},),
        1.5,
        0.25,
        ("odd",),
        {"train": 0},
    )
    state = again.network.state_dict()
    assert all(torch.equal(v, state[name]) for name, v in trained.network.state_dict().items())
    assert not again.network.training


def test_weights_of_another_network_are_refused(kept, tmp_path):
    with torch.device("meta"), pytest.raises(TrainingError) as refused:
        trained_network(tmp_path, "adv", 0, PAPER)
    assert str(refused.value) == (
        "TrainingError: the weights are of another network: "
        "network sceneseg_lite there, deeplabv2_resnet101 is asked\n"
        f"  where  {kept[0]}\n"
        "  fix    name the preset that was trained with"
    )


def test_weights_for_other_classes_are_refused_with_what_differs(kept):
    path, trained = kept
    trained.network.classifier = torch.nn.Conv2d(64, 21, 1)
    write_trained(path, trained)
    with pytest.raises(TrainingError) as refused:
        read_trained(path, new_network(LIGHT))
    assert str(refused.value) == (
        "TrainingError: the weights are of another network: "
        "classifier.weight 21×64×1×1 there, 19×64×1×1 is asked; "
        "classifier.bias 21 there, 19 is asked\n"
        f"  where  {path}\n"
        "  fix    name the preset that was trained with"
    )


def test_a_row_that_was_not_trained_is_named_with_the_command(tmp_path):
    with pytest.raises(TrainingError) as refused:
        trained_network(tmp_path, "adv", 3, LIGHT)
    assert str(refused.value) == (
        "TrainingError: row 'adv' of seed 3 was not trained there\n"
        f"  where  {tmp_path}\n"
        f"  fix    train it: dlscope adapt ablate --preset ci --rows adv --seeds 3 --out {tmp_path}"
    )


def test_a_row_that_there_is_not_is_told(tmp_path):
    with pytest.raises(PlanError) as refused:
        trained_network(tmp_path, "onlien", 0, LIGHT)
    assert str(refused.value) == (
        "PlanError: there is no row 'onlien'\n  where  rows\n  fix    did you mean online?"
    )


def test_selected_weights_are_kept_beside_the_last_ones(kept, tmp_path):
    path, trained = kept
    state = {name: value + 1 for name, value in trained.network.state_dict().items()}
    write_trained(path, replace(trained, selected=Selected("oracle", 2, state)))
    again = read_trained(path, new_network(LIGHT))
    assert (again.step_of("last"), again.step_of("oracle")) == (4, 2)
    last = trained_network(tmp_path, "adv", 0, LIGHT).state_dict()
    other = trained_network(tmp_path, "adv", 0, LIGHT, "oracle").state_dict()
    assert all(torch.equal(last[name] + 1, value) for name, value in other.items())
    with pytest.raises(TrainingError) as refused:
        trained_network(tmp_path, "adv", 0, LIGHT, "source_val")
    assert str(refused.value) == (
        "TrainingError: no weights were selected by source_val when this was trained\n"
        f"  where  {path}\n"
        "  fix    train into a folder of its own, with --select source_val"
    )


def test_a_damaged_file_is_refused(kept):
    path, _ = kept
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="the weights cannot be read") as refused:
        read_trained(path, new_network(replace(LIGHT)))
    assert "fix    remove the file, to train the row again" in str(refused.value)
