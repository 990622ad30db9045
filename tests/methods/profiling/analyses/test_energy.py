from __future__ import annotations

import dataclasses

from dlscope.core import registry
from dlscope.core.run import Energy
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.profiles import layered_run


def row(energy: Energy | None):
    run = dataclasses.replace(layered_run({"a": ("Conv", [10])}), energy=energy)
    (found,) = registry.load("analyses", "a22")().of_profiles([Profile(run)])
    return found


def test_tells_what_the_counter_counted() -> None:
    found = row(Energy("rapl", 12.0, 30.0, 0.25))
    assert (found["source"], found["energy_j"], found["idle_w"]) == ("rapl", 12.0, 30.0)
    assert (found["per_inference_j"], found["inferences_per_j"]) == (0.25, 4.0)
    assert found["reason"] is None


def test_says_why_there_is_no_figure() -> None:
    assert row(Energy(reason="no RAPL counter here"))["reason"] == "no RAPL counter here"
    found = row(None)
    assert found["reason"] == "no energy counter was read while it was profiled"
    assert found["per_inference_j"] is None


def test_less_than_idle_gives_no_inferences_for_a_joule() -> None:
    assert row(Energy("rapl", -1.0, 30.0, -0.1))["inferences_per_j"] is None
    assert row(Energy("rapl", 0.0, 30.0, 0.0))["inferences_per_j"] is None
