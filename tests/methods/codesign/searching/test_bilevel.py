from __future__ import annotations

import math
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from device_stand_in import DEVICE, DeviceStandIn

from dlscope.catalog.finder import find
from dlscope.core.errors import TrainingError
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching import bilevel
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.bilevel import BilevelSearch
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.training.determinism import reproducible

SCHEDULE = SearchSchedule(epochs=2, warm_up=1, batch=16, most_steps=2, evaluations=10)


@pytest.fixture(scope="module")
def implementer(small) -> Implementer:
    return Implementer(small, PipelinedFpga(find("board", "pynq_z1")))


def searched(implementer, splits, aims=None, schedule=SCHEDULE) -> tuple[BilevelSearch, list]:
    with reproducible(0):
        search = BilevelSearch(implementer, splits, schedule, aims or Aims(), seed=0)
        return search, [search.epoch(number) for number in range(schedule.epochs)]


def test_the_same_seed_gives_the_same_figures_and_choices(implementer, splits) -> None:
    first, figures = searched(implementer, splits)
    second, again = searched(implementer, splits)
    assert figures == again
    assert torch.equal(first.architecture.theta, second.architecture.theta)
    assert first.starts() == second.starts()


def test_choices_rest_during_the_warm_up(implementer, splits) -> None:
    search, figures = searched(
        implementer, splits, schedule=SearchSchedule(epochs=2, warm_up=1, batch=32, most_steps=2)
    )
    assert "objective" not in figures[0]
    assert figures[0]["operation_entropy"] == pytest.approx(1.0)
    assert figures[1]["operation_entropy"] < 1.0
    assert search.architecture.theta.abs().sum() > 0


class FabricOfStandIn:
    """What a search asks of Fabric, for the stand-in of a device."""

    device = DEVICE

    def setup(self, module, optimizer):
        moved = module.to(DEVICE)
        optimizer.param_groups[0]["params"] = list(moved.parameters())
        return moved, optimizer

    def backward(self, loss):
        loss.backward()


def test_steps_on_a_device_have_everything_there_and_lose_the_same(
    implementer, splits, monkeypatch
) -> None:
    figures = []
    for stands_in in (False, True):
        with (
            reproducible(0),
            monkeypatch.context() as patched,
            DeviceStandIn() if stands_in else nullcontext(),
        ):
            if stands_in:
                patched.setattr(bilevel, "launched", lambda _place: FabricOfStandIn())
            search = BilevelSearch(implementer, splits, SCHEDULE, Aims(), seed=0)
            indices = np.arange(16)
            for turn in range(2):
                figures.append(search.weight_step(indices, 0.5, turn=turn))
                figures.append(search.choice_step(indices, 0.5, turn=turn))
    for here, there in zip(figures[:4], figures[4:], strict=True):
        assert there == pytest.approx(here, rel=1e-3)


def test_weights_get_no_gradient_from_a_step_of_the_choices(implementer, splits) -> None:
    with reproducible(0):
        search = BilevelSearch(implementer, splits, SCHEDULE, Aims(), seed=0)
        before = search.supernet.stem.weight.detach().clone()
        search.choice_step(np.arange(16), 0.5, turn=0)
        assert torch.equal(search.supernet.stem.weight, before)
        search.weight_step(np.arange(16), 0.5)
        assert not torch.equal(search.supernet.stem.weight, before)


def test_every_epoch_tells_what_is_expected_and_what_stands(implementer, splits) -> None:
    _, figures = searched(implementer, splits)
    for each in figures:
        assert each["expected_ns"] > 0 and each["discrete_ns"] > 0
        assert each["gap"] == pytest.approx(abs(each["expected_ns"] / each["discrete_ns"] - 1))
        assert 0 < each["discrete_resource"] <= 1
    assert [each["temperature"] for each in figures] == sorted(
        (each["temperature"] for each in figures), reverse=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("combine", ["product", "log", "sum", "exponent"])
def test_every_combination_can_be_searched(implementer, splits, combine) -> None:
    search, figures = searched(implementer, splits, Aims(combine=combine, target_ns=1e3))
    assert math.isfinite(figures[-1]["objective"])
    assert search.stateful["expectation"].state_dict()["hinge"] > 1


@pytest.mark.slow
@pytest.mark.parametrize("device", [PipelinedFpga, RecursiveFpga])
def test_lanes_are_trained_as_published(small, splits, device) -> None:
    implementer = Implementer(small, device(find("board", "pynq_z1")))
    search, _ = searched(implementer, splits, Aims(implementing="gradient"))
    assert len(torch.unique(search.architecture.pf.detach())) > 1


def test_a_blind_search_does_not_look_at_time(implementer, splits) -> None:
    _, figures = searched(implementer, splits, Aims(is_blind=True))
    assert figures[-1]["objective"] == pytest.approx(figures[-1]["loss"])


def test_a_loss_that_is_no_number_is_told_with_the_epoch(implementer, splits) -> None:
    with reproducible(0):
        search = BilevelSearch(implementer, splits, SCHEDULE, Aims(), seed=0)
        with torch.no_grad():
            search.supernet.classifier.bias.fill_(math.nan)
        with pytest.raises(TrainingError, match="the loss is nan") as refused:
            search.epoch(0)
    assert refused.value.where == "search, epoch 1, step 1"


def test_a_search_is_settled_once_all_choices_are_made(implementer, splits) -> None:
    search = BilevelSearch(implementer, splits, SCHEDULE, Aims(), seed=0)
    made = {"operation_entropy": 0.05, "precision_entropy": 0.05}
    assert not search.is_settled([made])  # still warming up
    assert search.is_settled([made, made])
    assert not search.is_settled([made, {**made, "precision_entropy": 0.5}])


def test_every_other_step_of_the_weights_walks_any_network(
    implementer, splits, monkeypatch
) -> None:
    with reproducible(0):
        search = BilevelSearch(implementer, splits, SCHEDULE, Aims(), seed=0)
        kinds: list[str] = []
        for name in ("sample", "any_path"):
            drawn = getattr(search.architecture, name)

            def noted(*given, name: str = name, drawn=drawn):
                kinds.append(name)
                return drawn(*given)

            monkeypatch.setattr(search.architecture, name, noted)
        search.epoch(0)
    assert kinds[:2] == ["any_path", "sample"]
