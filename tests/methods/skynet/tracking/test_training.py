from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from dlscope.core.errors import TrainingError  # noqa: E402 - after the checks
from dlscope.methods.skynet.tracking.appearances import collect  # noqa: E402
from dlscope.methods.skynet.tracking.pairs import PairSource  # noqa: E402
from dlscope.methods.skynet.tracking.training import TrackerTraining, train_tracker  # noqa: E402
from dlscope.training.determinism import reproducible  # noqa: E402


@pytest.fixture(scope="module")
def pairs(sequences, small_design):
    return PairSource(collect(sequences, small_design, 2), small_design, 13)


def trained(network, pairs, options, folder=None, **more):
    own = copy.deepcopy(network)
    with reproducible(0):
        done = train_tracker(own, pairs, options, folder, **more)
    return own, done


def arrays(network):
    return torch.cat([each.double().flatten() for each in network.state_dict().values()])


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("has_trained_trunk", [False, True])
def test_a_stopped_training_goes_on_to_the_same_weights(
    small_network, pairs, tmp_path, has_trained_trunk, step
):
    """After the step at hand, between two checkpoints."""
    options = TrackerTraining(4, batch=2, every=4, has_trained_trunk=has_trained_trunk)
    whole, done = trained(small_network, pairs, options)
    told = []
    stop = {"told": lambda *now: told.append(now), "should_stop": lambda: len(told) == step}
    _, stopped = trained(small_network, pairs, options, tmp_path, **stop)
    resumed, again = trained(small_network, pairs, options, tmp_path)
    assert (done.ending, stopped.ending, again.ending) == ("done", "stopped", "done")
    assert (stopped.steps, again.steps, len(told)) == (step, 4, step)
    assert done.history == again.history
    assert torch.equal(arrays(whole), arrays(resumed))


def test_tells_of_each_step_and_the_loss_before_it(small_network, pairs):
    told = []
    options = TrackerTraining(iterations=4, batch=2, every=2)
    trained(small_network, pairs, options, told=lambda *now: told.append(now))
    assert [share for _, share in told] == [0.0, 0.25, 0.5, 0.75]
    assert [step for step, _ in told[:2]] == ["tracker, step 1 of 4"] * 2
    assert told[2][0].startswith("tracker, step 3 of 4, loss ")


def test_a_trained_trunk_is_frozen_for_the_first_half(small_network, pairs):
    options = TrackerTraining(iterations=2, batch=2, every=1, has_trained_trunk=True)
    before = arrays(small_network.trunk)
    seen = []
    own = copy.deepcopy(small_network)
    train_tracker(own, pairs, options, told=lambda *_now: seen.append(arrays(own.trunk)))
    assert torch.equal(seen[1], before)
    assert not torch.equal(arrays(own.trunk), before)


def test_rates_follow_both_recipes():
    short = TrackerTraining(iterations=1000, rate=2e-3)
    assert short.rate_at(24) == pytest.approx(1e-3)
    assert short.rate_at(49) == pytest.approx(2e-3)
    assert short.rate_at(999) == pytest.approx(1e-5)
    published = TrackerTraining(iterations=600, recipe="published")
    assert published.rate_at(24) == pytest.approx(3e-3)
    assert published.rate_at(49) == pytest.approx(5e-3)
    assert published.rate_at(599) == pytest.approx(2.5e-3)


@pytest.mark.parametrize("wrong", [{"iterations": 0}, {"batch": 0}, {"rate": 0.0}, {"every": 0}])
def test_refuses_options_that_teach_nothing(wrong):
    with pytest.raises(TrainingError, match="teach nothing"):
        TrackerTraining(**wrong)


def test_a_loss_that_is_no_number_is_told_with_its_step(small_network, pairs):
    broken = copy.deepcopy(small_network)
    with torch.no_grad():
        broken.heads[0]["scores"].head[1].weight[:] = torch.inf
    with pytest.raises(TrainingError) as refused:
        train_tracker(broken, pairs, TrackerTraining(iterations=2, batch=2, every=1))
    assert refused.value.where == "tracker training, step 0"


@pytest.mark.slow
def test_learns_to_follow(sequences, small_design):
    """Even a short training beats the box that stays."""
    from dlscope.methods.skynet.tracking.baselines import StaticTracker
    from dlscope.methods.skynet.tracking.running import follow
    from dlscope.methods.skynet.tracking.siamese import SiameseTracker
    from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering
    from dlscope.zoo.siamese.network import SiameseNetwork

    with reproducible(0):
        network = SiameseNetwork(small_design)
        source = PairSource(collect(sequences, small_design, 8), small_design, 13)
        train_tracker(network, source, TrackerTraining(iterations=150, batch=8))
    found = {
        name: np.mean([follow(make, each).overlap.overlap_t.mean() for each in sequences])
        for name, make in (
            ("static", StaticTracker),
            ("skynet", lambda: SiameseTracker(TorchAnswering(network))),
        )
    }
    assert found["skynet"] > found["static"] + 0.1
