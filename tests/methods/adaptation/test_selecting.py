from __future__ import annotations

import numpy as np
import pytest
import small_domains

torch = pytest.importorskip("torch")

from dlscope.methods.adaptation.selecting import (  # noqa: E402 - after the check for torch
    MOVED,
    SCORE,
    Selecting,
    best_checkpoint,
    told_of_selection,
)
from dlscope.training.determinism import reproducible  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    return small_domains.written(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def network():
    with reproducible(0):
        return segmenter("sceneseg_lite")


def test_the_best_checkpoint_is_the_first_with_the_highest_score():
    assert best_checkpoint([{SCORE: 1.0}, {SCORE: 3.0}, {MOVED: 0.9}, {SCORE: 3.0}]) == 2
    assert best_checkpoint([{MOVED: 0.9}]) is None
    assert best_checkpoint([]) is None


def test_an_oracle_is_told_as_one():
    assert told_of_selection("oracle") == "oracle: by labels of the target"
    assert told_of_selection("target_entropy") == "target_entropy"


def test_labels_score_by_the_mean_iou_of_their_domain(domains, network):
    scores = [Selecting(by, domains).figures(network)[SCORE] for by in ("source_val", "oracle")]
    assert scores[0] != scores[1]
    assert all(0 < score < 100 for score in scores)


def test_a_sure_network_is_better_unless_it_sees_one_class_alone(domains, network):
    """Its logits are all the same here, but for one class or for the classes as they are."""
    shares = Selecting("target_entropy", domains)._source_shares
    assert shares.sum() == pytest.approx(1)

    def scored(logits_bkhw):
        class Answering:
            training, is_bgr, mean, scale = False, False, network.mean, network.scale
            device = torch.device("cpu")

            def eval(self):
                return self

            def train(self, _mode):
                return self

            def __call__(self, images):
                return None, logits_bkhw.expand(len(images), -1, -1, -1)

        return Selecting("target_entropy", domains).figures(Answering())

    collapsed = torch.zeros(1, 19, 8, 8)
    collapsed[:, 12] = 9
    assert scored(collapsed) == {MOVED: pytest.approx(1 - shares[12])}

    drawn = np.random.default_rng(0).choice(19, size=4096, p=shares).reshape(1, 64, 64)
    ids = torch.nn.functional.one_hot(torch.from_numpy(drawn), 19).movedim(-1, 1).float()
    sure, unsure = scored(9 * ids), scored(2 * ids)
    assert sure[SCORE] > unsure[SCORE]
    assert sure[MOVED] < 0.05


def test_scoring_leaves_the_network_as_it_was(domains, network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    for by in ("target_entropy", "oracle"):
        Selecting(by, domains).figures(network)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
