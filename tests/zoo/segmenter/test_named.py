from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import GraphError  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


def test_is_found_by_name():
    assert segmenter("sceneseg_lite").name == "sceneseg_lite"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(GraphError) as refused:
        segmenter("scenseg_lite")
    assert str(refused.value) == (
        "GraphError: there is no segmenter 'scenseg_lite'\n"
        "  where  zoo of segmenters\n"
        "  fix    did you mean sceneseg_lite?"
    )
