from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from dlscope.core.errors import ManifestError
from dlscope.data.drawn_text import DrawnText


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)))


def test_draws_what_the_target_says() -> None:
    item = DrawnText(None, {"count": 1})[0]
    picture = pixels(item.input)
    assert item.id == "line-0000"
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    # Six pixels for each letter of the bitmap font, and four on each side.
    assert picture.shape[1] / picture.shape[0] == (6 * len(item.target["text"]) + 8) / 19
    assert np.ptp(picture) > 60


def test_the_seed_says_what_is_written() -> None:
    first, again, other = (
        [item.target["text"] for item in DrawnText(None, {"seed": seed})] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert len(set(first)) > 30


def test_a_longer_set_begins_as_a_shorter_one() -> None:
    short, long = DrawnText(None, {"count": 3}), DrawnText(None, {"count": 9})
    assert [short.item_digest(i) for i in range(3)] == [long.item_digest(i) for i in range(3)]


def test_lines_have_at_most_so_many_words() -> None:
    counts = {
        len(item.target["text"].split()) for item in DrawnText(None, {"count": 60, "words": 3})
    }
    assert counts == {1, 2, 3}


def test_lines_are_dark_on_light_and_light_on_dark() -> None:
    corners = {bool(pixels(item.input)[0, 0, 0] > 127) for item in DrawnText(None, {"count": 12})}
    assert corners == {True, False}


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"cuont": 3}, "unknown option 'cuont'", "did you mean count?"),
        ({"count": 0}, "count is 0, not a whole number from 1 on", "write count: 40"),
        ({"words": 1.5}, "words is 1.5, not a whole number from 1 on", "write words: 2"),
        ({"seed": -1}, "seed is -1, not a whole number from 0 on", "write seed: 0"),
        ({"seed": True}, "seed is True, not a whole number from 0 on", "write seed: 0"),
    ],
)
def test_refuses_options_that_say_nothing(options, what: str, fix: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        DrawnText(None, options)
    assert (refusal.value.what, refusal.value.fix) == (what, fix)
    assert refusal.value.where == f"reader drawn_text, options.{next(iter(options))}"
