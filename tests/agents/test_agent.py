from __future__ import annotations

from dataclasses import replace

from fleets_on_paper import GPU, agent

from dlscope.core.manifest import StackLock
from dlscope.stacks.fingerprint import environment


def test_agents_alike_are_of_one_kind_whatever_they_are_called() -> None:
    assert agent("a", labels={"lab": "a"}).kind == agent("b", slots=4).kind
    assert agent().kind != agent(offers={"mock": "0.3.2"}).kind
    assert agent().kind != agent(cores=8).kind


def test_what_it_was_started_with_is_among_its_labels() -> None:
    labels = agent(labels={"lab": "a"}, accelerators=(GPU,)).all_labels
    assert labels == {
        "arch": "x86_64",
        "device": "gpu",
        "lab": "a",
        "python": "3.11.7",
        "system": "lab",
    }


def test_its_fingerprint_with_a_stack_is_that_of_runs_measured_there() -> None:
    stack = StackLock(
        python="3.12.1", platform="linux-x86_64", requirements=("onnxruntime==1.22.1",)
    )
    here = replace(agent(), environment=replace(environment(), volatile={}))
    assert here.fingerprint(stack) == environment(stack).fingerprint
    assert here.fingerprint(None) == environment().fingerprint
