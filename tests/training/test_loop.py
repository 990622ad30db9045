from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.loop import TrainingLoop, require_finite_loss


class Counter:
    def __init__(self) -> None:
        self.sum = 0

    def epoch(self, number: int) -> dict[str, float]:
        self.sum += number + 1
        return {"loss": float(self.sum)}

    def state_dict(self) -> dict[str, int]:
        return {"sum": self.sum}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.sum = state["sum"]


def test_calls_every_epoch_and_keeps_its_figures() -> None:
    counter, told = Counter(), []
    loop = TrainingLoop(
        {"counter": counter}, 3, told=lambda step, share: told.append((step, round(share, 2)))
    )
    trained = loop.run(counter.epoch)
    assert trained.ending == "done"
    assert [each["loss"] for each in trained.history] == [1.0, 3.0, 6.0]
    assert told == [
        ("training, epoch 1 of 3", 0.0),
        ("training, epoch 2 of 3, loss 1", 0.33),
        ("training, epoch 3 of 3, loss 3", 0.67),
    ]


def test_goes_on_where_an_interrupted_one_was(tmp_path: Path) -> None:
    def interrupted(number: int) -> dict[str, float]:
        if number == 2:
            raise KeyboardInterrupt
        return counter.epoch(number)

    counter = Counter()
    with pytest.raises(KeyboardInterrupt):
        TrainingLoop({"c": counter}, 4, checkpoints=Checkpoints(tmp_path, "x")).run(interrupted)
    fresh = Counter()
    trained = TrainingLoop({"c": fresh}, 4, checkpoints=Checkpoints(tmp_path, "x")).run(fresh.epoch)
    assert [each["loss"] for each in trained.history] == [1.0, 3.0, 6.0, 10.0]


def test_what_is_stopped_within_an_epoch_goes_on_there(tmp_path: Path) -> None:
    """The second epoch stops after a part of it, which the state knows of."""

    class Parted(Counter):
        def parted(self, number: int) -> dict[str, float] | None:
            if number == 1 and self.sum < 100:
                self.sum += 100
                return None
            return self.epoch(number)

    stopped = TrainingLoop({"c": (c := Parted())}, 3, checkpoints=Checkpoints(tmp_path, "x"))
    ended = stopped.run(c.parted)
    assert (ended.ending, len(ended.history), c.sum) == ("stopped", 1, 101)
    again = TrainingLoop({"c": (c := Parted())}, 3, checkpoints=Checkpoints(tmp_path, "x"))
    assert [each["loss"] for each in again.run(c.parted).history] == [1.0, 103.0, 106.0]


def test_stops_when_it_is_asked_to_and_goes_on_later(tmp_path: Path) -> None:
    counter, checkpoints = Counter(), Checkpoints(tmp_path, "x")
    loop = TrainingLoop({"c": counter}, 3, checkpoints=checkpoints)
    stopped = loop.run(counter.epoch, should_stop=lambda: True)
    assert (stopped.ending, len(stopped.history)) == ("stopped", 1)
    assert len(loop.run(counter.epoch).history) == 3


def test_ends_early_by_its_own_rule_and_stays_ended(tmp_path: Path) -> None:
    counter, checkpoints = Counter(), Checkpoints(tmp_path, "x")
    loop = TrainingLoop({"c": counter}, 9, checkpoints=checkpoints)
    for _ in range(2):
        trained = loop.run(counter.epoch, ends_early=lambda history: history[-1]["loss"] >= 3)
        assert (trained.ending, len(trained.history)) == ("early", 2)


def test_a_figure_that_is_no_number_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "x")
    loop = TrainingLoop({}, 3, checkpoints=checkpoints, name="search")
    with pytest.raises(TrainingError, match="loss: not a number") as refused:
        loop.run(lambda number: {"loss": float("nan") if number else 1.0})
    assert refused.value.where == "search, epoch 2"
    assert checkpoints.restore({}) == {"history": [{"loss": 1.0}]}


def test_a_loss_that_is_no_number_is_told_with_what_came_before() -> None:
    require_finite_loss(1.0, where="here", rate=0.1, last=[])
    with pytest.raises(TrainingError) as refused:
        require_finite_loss(float("inf"), where="search, step 7", rate=0.05, last=[2.25, 9.5])
    assert refused.value.what == "the loss is inf; learning rate 0.05, the last losses 2.25, 9.5"


def test_a_trained_module_is_the_same_whether_interrupted_or_not(tmp_path: Path) -> None:
    def train(folder: Path, stop_after: int | None) -> torch.Tensor:
        torch.manual_seed(0)
        module = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)

        def epoch(number: int) -> dict[str, float]:
            data = torch.randn(4, 3, generator=torch.Generator().manual_seed(number))
            optimizer.zero_grad()
            loss = module(data).square().mean()
            loss.backward()
            optimizer.step()
            return {"loss": loss.item()}

        loop = TrainingLoop(
            {"module": module, "optimizer": optimizer}, 5, checkpoints=Checkpoints(folder, "x")
        )
        done: list[int] = []
        loop.run(
            lambda number: done.append(number) or epoch(number),
            should_stop=lambda: stop_after is not None and len(done) >= stop_after,
        )
        return module.weight.detach().clone()

    whole = train(tmp_path / "whole", None)
    train(tmp_path / "parts", 2)
    assert torch.equal(train(tmp_path / "parts", None), whole)
