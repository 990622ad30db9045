from __future__ import annotations

import pytest

from dlscope.methods.codesign.bottom_up.candidates import Trial
from dlscope.methods.codesign.bottom_up.features import FeatureOptions, add_features, with_bypass
from dlscope.methods.codesign.bottom_up.fitness import Fitness, Goal
from dlscope.zoo.bundles.skynet_stack import skynet_stack

SIZE = (16, 32)
TWO = FeatureOptions(2)
ROOM = Fitness((Goal("cpu", 100.0, -1.0, "hinge"),))


def plain():
    return skynet_stack("A", act="relu", size=SIZE)


def added(judged, fitness=ROOM, options=TWO, latency=lambda _n: 1.0, **more):
    gain = {"relu": 0.0, "relu6": 0.05}
    evaluate = judged(lambda n: 0.5 + 0.1 * n.bypass + gain[n.act], latency)
    found = evaluate(Trial(plain(), 1), "swarm")
    told = lambda network: {"cpu": latency(network)}  # noqa: E731 - it reads as what it is
    return found, add_features(found, evaluate, told, fitness, options, **more)


@pytest.mark.parametrize(("variant", "times"), [("A", 0), ("B", 1), ("C", 2)])
def test_features_lead_from_skynet_a_to_b_and_c(variant, times):
    wanted = skynet_stack(variant, act="relu", size=SIZE)
    assert with_bypass(plain(), times) == wanted


def test_all_six_are_trained_from_the_weights_of_the_swarm(judged):
    found, figures = added(judged)
    assert [(each.bypass, each.network.act) for each in figures] == [
        (bypass, act) for bypass in ("none", "narrow", "wide") for act in ("relu", "relu6")
    ]
    trials = [each.candidate.trial for each in figures]
    assert {(trial.start, trial.epochs) for trial in trials} == {(found.trial.key, 2)}
    chosen = [each for each in figures if each.is_chosen]
    assert [(each.bypass, each.network.act) for each in chosen] == [("narrow", "relu6")]


def test_what_is_too_slow_is_not_trained_but_the_network_of_the_swarm_is(judged):
    fitness = Fitness((Goal("cpu", 0.5, -1.0, "hinge"),))
    _, figures = added(judged, fitness)
    assert [each.why_not for each in figures] == ["", *["slower than its target"] * 5]
    assert [each.is_chosen for each in figures] == [True, *[False] * 5]


@pytest.mark.parametrize(("share", "tried"), [(None, 6), (0.55, 6), (0.25, 2)])
def test_a_bypass_is_for_small_objects(judged, share, tried):
    _, figures = added(judged, options=FeatureOptions(1, share))
    assert sum(each.candidate is not None for each in figures) == tried
    assert figures[-1].why_not == ("" if tried == 6 else "few objects are small")


def test_images_of_several_sizes_are_tried_with_the_best(judged):
    _, figures = added(judged, is_multi_scale=True)
    assert len(figures) == 7
    last = figures[-1]
    assert (last.judge, last.bypass, last.network.act) == ("multi_scale", "narrow", "relu6")
    assert last.candidate.trial.judge == "multi_scale"
