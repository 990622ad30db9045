from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from square_images import squares

torch = pytest.importorskip("torch")

from device_stand_in import DEVICE, DeviceStandIn  # noqa: E402 - after torch

from dlscope.core.errors import PlanError, TrainingError  # noqa: E402
from dlscope.data.procedural.uav import UavImages  # noqa: E402
from dlscope.methods.skynet.detection_scores import evaluate_detector  # noqa: E402
from dlscope.methods.skynet.detector_training.recipes import (  # noqa: E402
    IOU,
    REGION,
    Phase,
)
from dlscope.methods.skynet.detector_training.training import (  # noqa: E402
    TrainingOptions,
    train_detector,
)
from dlscope.methods.skynet.prepared_images import prepared_images  # noqa: E402
from dlscope.zoo.skynet.network import build  # noqa: E402

SIZE = (32, 64)
TINY_PHASES = (Phase(0.5, batch=4, window=0.5, jitter=0.2), Phase(1.0, batch=4, jitter=0.1))
TINY = replace(IOU, phases=TINY_PHASES)
TINY_REGION = replace(REGION, phases=(Phase(1.0, batch=4, scales=(0.7, 1.0), jitter=0.2),))
UNTIMED = ("spent_s", "cpu_s", "wall_s")


def fresh(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build("C", width_mult=0.1, input=SIZE)


def options(recipe=TINY, **changes):
    return TrainingOptions(**{"recipe": recipe, "iterations": 6, "checkpoint_every": 2, **changes})


def figures(trained):
    return [
        {name: value for name, value in each.items() if name not in UNTIMED}
        for each in trained.history
    ]


def same(a, b):
    states = a.network.state_dict(), b.network.state_dict()
    return all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize("recipe", [TINY, TINY_REGION], ids=["iou", "region"])
@pytest.mark.parametrize("step", [2, 3, 4])
def test_an_interrupted_training_ends_with_the_same_bits(recipe, step, tmp_path):
    """Where it is stopped after the step at hand, at a checkpoint or between two."""
    images, given = squares(12, SIZE), options(recipe, checkpoint_every=4)
    whole = train_detector(fresh(), images, given)
    told = []
    stopped = train_detector(
        fresh(),
        images,
        given,
        folder=tmp_path,
        told=lambda *now: told.append(now),
        should_stop=lambda: len(told) == step,
    )
    assert (stopped.ending, stopped.steps, len(told)) == ("stopped", step, step)
    first = []
    resumed = train_detector(
        fresh(seed=5), images, given, folder=tmp_path, told=lambda *now: first.append(now)
    )
    assert first[0][0].startswith(f"{recipe.name}, step {step + 1} of 6")
    assert (resumed.ending, resumed.steps) == ("done", 6)
    assert figures(resumed) == figures(whole)
    assert same(resumed, whole)


def test_a_checkpoint_of_a_device_goes_on_without_it(tmp_path):
    with DeviceStandIn():
        began = train_detector(
            fresh(),
            squares(12, SIZE),
            options(device=DEVICE),
            folder=tmp_path,
            should_stop=lambda: True,
        )
        assert next(began.network.parameters()).device == DEVICE
    resumed = train_detector(fresh(seed=5), squares(12, SIZE), options(), folder=tmp_path)
    assert (resumed.ending, resumed.steps) == ("done", 6)
    assert {value.device.type for value in resumed.network.state_dict().values()} == {"cpu"}


def test_tells_of_each_step_and_the_parts_of_the_loss():
    told = []
    train_detector(fresh(), squares(8, SIZE), options(), told=lambda *now: told.append(now))
    assert [round(6 * share) for _, share in told] == [0, 1, 2, 3, 4, 5]
    first, second = list(dict.fromkeys(step for step, _ in told))[:2]
    assert first == "iou, step 1 of 6"
    assert second.startswith("iou, step 3 of 6, loss ")
    assert all(f"{name} " in second for name in ("box", "sure", "rank", "recall"))


def test_the_loss_goes_down():
    recipe = replace(TINY, rate=1e-2, phases=(Phase(1.0, batch=4),))
    given = options(recipe, iterations=20, checkpoint_every=5)
    trained = train_detector(fresh(), squares(24, SIZE), given)
    losses = [each["loss"] for each in trained.history]
    assert losses[-1] < 0.8 * losses[0]
    assert trained.cpu_s > 0


@pytest.mark.slow
def test_learns_to_find_squares():
    recipe = replace(TINY, rate=1e-2, phases=(Phase(1.0, batch=8, jitter=0.1),))
    given = options(recipe, iterations=100, checkpoint_every=100)
    trained = train_detector(fresh(), squares(48, SIZE), given)
    assert evaluate_detector(trained.predict, squares(24, SIZE, seed=1)).mean_iou > 0.4


def test_a_loss_that_is_no_number_is_named_with_its_images(tmp_path):
    network = fresh()
    with torch.no_grad():
        network.head.weight[4] = float("nan")
    with pytest.raises(TrainingError) as caught:
        train_detector(network, squares(8, SIZE), options(TINY_REGION), folder=tmp_path)
    assert caught.value.what == (
        "loss, conf: not a number at step 1; learning rate 0.00171, the last losses none"
    )
    assert caught.value.where.startswith("recipe region, images square/0")
    assert caught.value.fix == "use a smaller learning rate; the checkpoint before is kept"


def test_a_checkpoint_of_other_images_is_refused(tmp_path):
    train_detector(fresh(), squares(12, SIZE), options(), folder=tmp_path, should_stop=lambda: True)
    with pytest.raises(TrainingError, match="the checkpoint is of another training"):
        train_detector(fresh(), squares(11, SIZE), options(), folder=tmp_path)


def test_refuses_a_training_without_steps():
    with pytest.raises(PlanError) as caught:
        options(iterations=0)
    assert str(caught.value) == (
        "PlanError: 0 steps, kept every 2, are no training\n"
        "  where  options of the training\n"
        "  fix    use at least one"
    )


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    """The process is ended by SIGKILL while it trains, wherever that is."""
    here = Path(__file__).parent
    program = tmp_path / "train.py"
    program.write_text(
        f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n"
        "from test_training import *\n"
        "train_detector(fresh(), squares(12, SIZE), options(iterations=40, checkpoint_every=1),\n"
        f"               folder=Path({str(tmp_path)!r}))\n"
    )
    process = subprocess.Popen([sys.executable, str(program)])
    while not (tmp_path / "checkpoint.pt").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    given = options(iterations=40, checkpoint_every=1)
    resumed = train_detector(fresh(seed=3), squares(12, SIZE), given, folder=tmp_path)
    whole = train_detector(fresh(), squares(12, SIZE), given)
    assert figures(resumed) == figures(whole)
    assert same(resumed, whole)


@pytest.mark.slow
def test_finds_objects_on_ground_that_it_has_not_seen():
    """The floor of a quick look: half a minute of CPU time on 1,000 images."""
    size = (80, 160)
    train, val = (
        prepared_images(UavImages(split, count), size)
        for split, count in (("train", 1000), ("val", 100))
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("C", width_mult=0.5, input=size)
    trained = train_detector(network, train, TrainingOptions(IOU, 300))
    scores = evaluate_detector(trained.predict, val)
    assert scores.mean_iou >= 0.4
    assert scores.best_iou >= scores.mean_iou
