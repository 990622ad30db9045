from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from known_answers import SIZE, WideIsBetter, searched, settings

from dlscope.core.errors import PlanError

_KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from known_answers import WideIsBetter, searched
class Dies(WideIsBetter):
    def accuracy(self, network, epochs, start_weights):
        if self.asked == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().accuracy(network, epochs, start_weights)
searched(Path(sys.argv[1]), Dies())
"""


def test_leaves_a_network_that_runs(found):
    result, folder = found
    session = onnxruntime.InferenceSession(
        folder / "winner.onnx", providers=["CPUExecutionProvider"]
    )
    (head,) = session.run(["head"], {"image": np.ones((2, 3, *SIZE), np.float32)})
    assert head.shape == (2, 10, 2, 4)
    winner = json.loads((folder / "winner.json").read_text())
    assert winner == result.winner.to_json()
    with np.load(folder / "winner.npz") as weights:
        shape = (10, result.winner.network.widths[-1], 1, 1)
        assert weights["head.weight"].shape == shape


def test_writes_a_row_for_every_bundle(found):
    result, folder = found
    rows = json.loads((folder / "bundles.json").read_text())
    assert [row["id"] for row in rows] == ["B01", "B09", "B13"]
    assert rows == [each.to_json() for each in result.comparison.figures]


def test_the_stages_follow_one_another(found):
    result, _ = found
    groups = {visit.group for visit in result.swarm.visits}
    assert groups == {each.bundle.id for each in result.comparison.going_on}
    assert result.swarm.visits[0].position.widths == (
        result.comparison.going_on[0].candidate.network.widths
    )
    assert result.features[0].network == result.swarm.best.candidate.network
    assert result.chosen.network in [each.network for each in result.features]
    assert result.final.network == result.chosen.network
    assert (result.final.trial.epochs, result.final.trial.start) == (4, None)
    assert result.reference.network == settings().reference
    assert result.reference.trial.epochs == 4


def test_the_target_is_kept(found):
    result, _ = found
    assert result.winner.latencies_ms["board"] <= 0.8


def test_the_end_is_judged_on_what_no_stage_has_seen(tmp_path):
    unseen = WideIsBetter(gain=0.5)
    seen = WideIsBetter()
    judges = {"plain": seen, "final_plain": unseen}
    result = searched(tmp_path, None, judges=judges)
    assert unseen.asked == 2
    assert result.final.trial.judge == result.reference.trial.judge == "final_plain"
    assert result.final.accuracy < result.chosen.accuracy


def test_without_a_last_training_the_network_of_stage_3_is_left(tmp_path):
    result = searched(tmp_path, WideIsBetter(), asked=settings(final_epochs=0))
    assert (result.final, result.reference) == (None, None)
    assert result.winner == result.chosen


def test_the_same_search_finds_the_same(found, tmp_path):
    result, _ = found
    assert searched(tmp_path, WideIsBetter()) == result


def test_a_search_that_was_killed_goes_on_to_the_same_result(found, tmp_path):
    result, folder = found
    words = [sys.executable, "-c", _KILLED, str(tmp_path), str(Path(__file__).parent)]
    ended = subprocess.run(words, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    judge = WideIsBetter()
    again = searched(tmp_path, judge, resume=True)
    assert again == result
    assert judge.asked == len(result.candidates) - 9
    for name in ("bundles.json", "winner.json", "winner.onnx"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_finished_search_is_told_again_without_judging(found):
    result, folder = found
    judge = WideIsBetter()
    assert searched(folder, judge, resume=True) == result
    assert judge.asked == 0


def test_says_how_far_it_is(tmp_path):
    heard = []
    searched(tmp_path, WideIsBetter(), told=lambda step, share: heard.append((step, share)))
    shares = [share for _, share in heard]
    assert shares == sorted(shares)
    assert heard[0][0].startswith("bundles: B01 of widths ")
    assert heard[-1] == ("done", 1.0)


def test_refuses_no_bundles(tmp_path):
    with pytest.raises(PlanError, match="the search space is empty: none of 0 bundles"):
        searched(tmp_path, WideIsBetter(), asked=settings(bundles=()))
