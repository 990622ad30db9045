from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from measured_space import small_space

from dlscope.core.run import Environment
from dlscope.methods.codesign.measuring import profiling
from dlscope.methods.codesign.measuring.profiling import (
    profile_space,
    stored_elsewhere,
    stored_profile,
)
from dlscope.methods.codesign.measuring.rows import Conditions, measured_row
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walking import Walked
from dlscope.store import Store

PROTOCOL = WalkProtocol(processes=1, min_rounds=3, min_seconds=0.0, slot_ns=20_000)
ENVIRONMENT = Environment({"name": "here"}, "3.11", {}, {})
SPACE = small_space(32)


class Walks:
    """In the place of the process that times: a model takes a thousandth of its size in ns."""

    def __init__(self, *, speed: float = 1.0, spread: float = 0.0) -> None:
        self.counts: list[int] = []
        self.speed, self.spread = speed, spread

    def __call__(self, models, protocol, told) -> Walked:
        del protocol, told
        self.counts.append(len(models))
        took = np.array([float(len(each)) for each in models]) * self.speed
        times = took * (1 + self.spread * np.linspace(-1, 1, 9))[:, None]
        places = tuple(range(len(models)))
        started = f"2026-01-{len(self.counts):02}T00:00:00Z"
        return Walked(started, places, times, took, {}, 0.0)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def walks(monkeypatch) -> Walks:
    found = Walks()
    monkeypatch.setattr(profiling, "walked", found)
    return found


def profiled(store, space=SPACE, **options):
    return profile_space(space, PROTOCOL, store.benchmarks, ENVIRONMENT, networks=3, **options)


def test_everything_is_timed_once_and_then_read(store, walks) -> None:
    first = profiled(store)
    assert (first.timed, first.missing, dict(first.unsupported)) == (10, (), {})
    second = profiled(store)
    assert second.timed == 0
    assert walks.counts == [11]  # 7 operations, 3 networks, and the call without layers
    assert second.rows == first.rows


def test_it_is_timed_again_when_that_is_asked_for(store, walks) -> None:
    profiled(store)
    assert profiled(store, refresh=True).timed == 10
    assert walks.counts == [11, 11]


def test_what_is_new_is_timed_beside_known_ones_and_brought_to_their_speed(
    store, walks, monkeypatch
) -> None:
    before = profiled(store)
    slower = Walks(speed=1.5)
    monkeypatch.setattr(profiling, "walked", slower)
    both = small_space(8, 32)
    after = profiled(store, both)
    assert after.timed == 7 + 3 + 3  # the networks of another space are other designs
    anchors = 7
    assert slower.counts == [1 + after.timed + anchors]
    for each, row in before.rows.items():
        again = replace(each, design=each.design)
        if again in after.rows:
            assert after.rows[again].median_ns == row.median_ns
    assert not after.missing


def test_rows_that_vary_are_timed_once_more_and_then_left(store, walks) -> None:
    walks.spread = 0.9
    found = profiled(store)
    assert walks.counts == [11, 11]
    assert all(row.extra["again"] for row in found.rows.values())
    assert all(measured_row(each, row).is_noisy for each, row in found.rows.items())
    profiled(store)
    assert walks.counts == [11, 11]


def test_rows_of_other_conditions_are_not_there(store, walks) -> None:
    profiled(store)
    other = Conditions(replace(PROTOCOL, threads=2), ENVIRONMENT.fingerprint)
    assert len(stored_profile(SPACE, other, store.benchmarks, networks=3).missing) == 10
    elsewhere = Conditions(PROTOCOL, "e" * 64)
    assert len(stored_profile(SPACE, elsewhere, store.benchmarks, networks=3).missing) == 10


def test_rows_of_other_environments_are_counted(store, walks) -> None:
    profiled(store)
    here, elsewhere = (Conditions(PROTOCOL, each) for each in (ENVIRONMENT.fingerprint, "e" * 64))
    assert stored_elsewhere(SPACE, here, store.benchmarks) == 0
    assert stored_elsewhere(SPACE, elsewhere, store.benchmarks) == 1


def test_what_the_runtime_refuses_is_unsupported_and_not_tried_again(store, monkeypatch) -> None:
    def refusing(models, protocol, told) -> Walked:
        found = Walks()(models, protocol, told)
        places = tuple(place for place in found.places if place != 2)
        return replace(found, places=places, times=found.times[:, list(places)],
                       wall_ns=found.wall_ns[list(places)], failed={2: "no kernel"})  # fmt: skip

    monkeypatch.setattr(profiling, "walked", refusing)
    found = profiled(store)
    assert list(found.unsupported.values()) == ["no kernel"]
    assert profiled(store).timed == 0


@pytest.mark.slow
def test_a_real_walk_fills_the_table(store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("dlscope.agents.device_lock.lock_path", lambda: tmp_path / "lock")
    steps: Counter[str] = Counter()
    found = profiled(store, told=lambda step, _: steps.update([step]))
    assert found.timed == 10
    assert all(row.status == "ok" and row.n >= 3 for row in found.rows.values())
    assert set(steps) == {"building models", "timing 11 models by turns, process 1 of 1"}
