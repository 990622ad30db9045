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


def test_asked_to_stop_it_tells_where_it_is_and_goes_on_to_the_same_weights(tmp_path):
    told = []

    def stop():
        return any(step.startswith("tracker, ") for step in told)

    heard = {"told": lambda step, _share: told.append(step), "should_stop": stop}
    with pytest.raises(KeyboardInterrupt) as stopped:
        train(SHORT, tmp_path / "parts", tmp_path / "parts.pt", **heard)
    assert str(stopped.value) == (
        f"siamrpn-skynet-small stopped after step 1 of 2, which is kept in {tmp_path / 'parts'}"
    )
    assert not (tmp_path / "parts.pt").exists()
    with pytest.raises(KeyboardInterrupt):  # while sequences are drawn
        train(SHORT, tmp_path / "drawn", tmp_path / "drawn.pt", should_stop=lambda: True)
    for name in ("parts", "whole"):
        train(SHORT, tmp_path / name, tmp_path / f"{name}.pt")
    whole, parts = (load_tracker(tmp_path / f"{each}.pt") for each in ("whole", "parts"))
    states = whole.state_dict(), parts.state_dict()
    assert all((value == states[1][name]).all() for name, value in states[0].items())


@pytest.mark.parametrize(
    ("wrong", "error"),
    [(Campaign("siamrpn-vgg"), GraphError), (Campaign(backbone="nowhere.pt"), DataError)],
)
def test_refuses_before_anything_is_drawn(tmp_path, wrong, error):
    with pytest.raises(error):
        train(wrong, tmp_path, tmp_path / "tracker.pt")
