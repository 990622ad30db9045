from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.bottom_up.fitness import Fitness, Goal
from dlscope.methods.codesign.bottom_up.position import Position, SwarmSpace
from dlscope.methods.codesign.bottom_up.swarm import Group, SwarmOptions, search_groups
from dlscope.zoo.bundles.bundle import bundle_named
from dlscope.zoo.bundles.layout import StackedLayout

FREE = Fitness((Goal("cpu", 1.0, 0.0),))


def group(name="B09", first=None):
    bundle = bundle_named(name)
    return Group(name, lambda place: StackedLayout(bundle, place.widths, place.pools), first)


def nearness(wanted):
    return lambda network: -float(np.sum((np.array(network.widths) - wanted) ** 2)) / 1e6


def swarm(judged, *, seed=0, groups=None, fitness=FREE, **changes):
    wanted = np.array([48, 72, 152, 304, 392, 424])
    options = SwarmOptions(**{"particles": 6, "iterations": 6, "seed": seed, **changes})
    evaluate = judged(nearness(wanted), lambda network: network.macs / 1e8)
    return search_groups(groups or [group()], SwarmSpace(6, 3), evaluate, fitness, options)


@pytest.mark.parametrize("seed", range(5))
def test_comes_within_a_tenth_of_every_channel(judged, seed):
    wanted = np.sort(8 * np.random.default_rng(seed + 50).integers(2, 64, 6))
    space = SwarmSpace(6, 3)
    evaluate = judged(nearness(wanted))
    found = search_groups([group()], space, evaluate, FREE, SwarmOptions(16, 40, 1, seed))
    assert np.abs(np.array(found.best.position.widths) / wanted - 1).max() <= 0.1


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_a_group_never_gets_worse(judged, seed):
    found = swarm(judged, seed=seed, groups=[group("B09"), group("B01")])
    for name in ("B09", "B01"):
        values = [visit.fitness for _, visit in found.bests if visit.group == name]
        assert len(values) == 6
        assert values == sorted(values)
    assert found.best.fitness == max(visit.fitness for visit in found.visits)


def test_the_same_seed_goes_the_same_way_and_another_does_not(judged):
    def way(seed):
        return [visit.position for visit in swarm(judged, seed=seed).visits]

    assert way(3) == way(3) != way(4)


@pytest.mark.parametrize("seed", range(3))
def test_a_steep_hinge_obeys_the_target(judged, seed):
    goal = Goal("cpu", 2.0, -1e6, "hinge")
    found = swarm(judged, seed=seed, particles=8, iterations=10, fitness=Fitness((goal,)))
    assert found.best.candidate.latencies_ms["cpu"] <= 2.0


def test_particles_of_a_group_are_never_at_the_same_place_and_the_best_stays(judged):
    found = swarm(judged)
    for iteration in range(6):
        places = [visit.position for visit in found.visits if visit.iteration == iteration]
        assert len(set(places)) == len(places)
        before = [visit for at, visit in found.bests if at == iteration - 1]
        assert all(visit.position in places for visit in before)


def test_a_particle_begins_with_its_own_last_weights_and_trains_longer_each_time(judged):
    found = swarm(judged, particles=2, iterations=3, epochs=2)
    own = [visit.candidate.trial for visit in found.visits if visit.particle == 1]
    assert [trial.epochs for trial in own] == [2, 4, 6]
    assert [trial.start for trial in own] == [None, own[0].key, own[1].key]


def test_the_first_particle_is_where_the_group_begins(judged):
    first = Position((16, 32, 64, 64, 64, 64), (1, 2, 3))
    found = swarm(judged, groups=[group(first=first)])
    assert found.visits[0].position == first


@pytest.mark.parametrize("wrong", ["particles", "iterations", "epochs"])
def test_refuses_to_search_nothing(wrong):
    with pytest.raises(PlanError) as refused:
        SwarmOptions(**{wrong: 0})
    named = {"particles": 8, "iterations": 5, "epochs": 1, wrong: 0}
    assert str(refused.value) == (
        f"PlanError: the search space is empty: {named['particles']} particles, "
        f"{named['iterations']} iterations, {named['epochs']} epochs\n"
        "  where  bottom-up search, swarm\n"
        "  fix    allow at least one of each"
    )


def test_refuses_no_group(judged):
    with pytest.raises(PlanError) as refused:
        search_groups([], SwarmSpace(), judged(len), FREE, SwarmOptions())
    assert str(refused.value) == (
        "PlanError: the search space is empty: no bundle goes on\n"
        "  where  bottom-up search, swarm\n"
        "  fix    name at least one bundle"
    )
