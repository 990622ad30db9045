from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from dlscope.core.errors import DataError, GraphError
from dlscope.methods.skynet.tracking.campaign import Campaign, train
from dlscope.methods.skynet.tracking.weights import load_tracker

SHORT = Campaign(sequences=2, frames=4, per_sequence=2, iterations=2, batch=2)


def test_trains_on_drawn_sequences_and_writes_a_tracker(tmp_path):
    report = train(SHORT, tmp_path, tmp_path / "tracker.pt")
    assert report.answer.startswith(
        "siamrpn-skynet-small is trained after 2 steps of 2 pairs from 4 appearances in 2 sequences"
    )
    assert report.table("tracker_training").column("step") == (2,)
    assert load_tracker(tmp_path / "tracker.pt").design.width == 0.5


@pytest.mark.parametrize(
    ("wrong", "error"),
    [(Campaign("siamrpn-vgg"), GraphError), (Campaign(backbone="nowhere.pt"), DataError)],
)
def test_refuses_before_anything_is_drawn(tmp_path, wrong, error):
    with pytest.raises(error):
        train(wrong, tmp_path, tmp_path / "tracker.pt")
