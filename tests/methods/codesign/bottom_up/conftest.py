from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dlscope.methods.codesign.bottom_up.candidates import Candidate

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def judged():
    """What evaluates a trial by a function of its network alone."""

    def made(accuracy, latency=lambda _network: 1.0):
        def evaluate(trial, stage):
            network = trial.network
            return Candidate(trial, stage, accuracy(network), {"cpu": latency(network)})

        return evaluate

    return made


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    """A finished search and its folder."""
    from known_answers import WideIsBetter, searched

    folder = tmp_path_factory.mktemp("bottom_up")
    return searched(folder, WideIsBetter()), folder
