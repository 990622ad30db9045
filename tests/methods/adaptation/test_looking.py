from __future__ import annotations

import pytest
import small_domains

pytest.importorskip("torch")

from dlscope.methods.adaptation.looking import target_pictures
from dlscope.zoo.segmenter.named import segmenter


def test_images_are_chosen_by_their_place(tmp_path):
    domains = small_domains.written(tmp_path)
    networks = {"fresh": segmenter("sceneseg_lite")}
    unlabelled = target_pictures(networks, domains.target_pictures)
    assert [each.name for each in unlabelled] == ["target-0", "target-2", "target-4"]
    judged = target_pictures(networks, domains.target_judges)
    assert [each.name for each in judged] == ["target-0", "target-1"]
    assert judged[0].title == "Image scenes/000000_leftImg8bit.png of the target"
    assert "of another class than the labels" in judged[0].alt
