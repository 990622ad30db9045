from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from dlscope.core.errors import ManifestError
from dlscope.data.procedural.uav import UavImages
from dlscope.data.uav_synth import UavSynth
from dlscope.testing.datasets import DatasetSuite


class TestUavSynth(DatasetSuite):
    reader = "uav_synth"
    options = {"split": "test", "count": 3, "size": [90, 160], "seed": 2}  # noqa: RUF012
    items = 3


def test_gives_pictures_without_loss_and_their_boxes():
    item = UavSynth(None, {"count": 2})[1]
    made = UavImages("val", 2)[1]
    assert np.array_equal(np.asarray(Image.open(BytesIO(item.input))), made.image_hwc)
    assert item.target == {"boxes": [list(made.boxes[0])]}
    assert item.id == made.name


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"cuont": 3}, "unknown option 'cuont'", "did you mean count?"),
        ({"split": "vla"}, "there is no split 'vla'", "did you mean val?"),
        (
            {"count": 0},
            "the count of images is 0, not a whole number from 1 on",
            "give the count of images as 1 or more",
        ),
        ({"size": 3}, "'int' object is not iterable", "write size: [360, 640]"),
    ],
)
def test_refuses_options_that_say_nothing(options, what, fix):
    with pytest.raises(ManifestError) as refused:
        UavSynth(None, options)
    assert (refused.value.what, refused.value.fix) == (what, fix)
