from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import TrainingError
from dlscope.methods.adaptation.asked import require_same

ASKED = {
    "source": {"root": Path("a"), "split": "train"},
    "options": {"rate": 0.001, "size": (4, 2)},
}


def test_the_same_may_be_asked_again(tmp_path):
    require_same(tmp_path / "out", ASKED)
    require_same(tmp_path / "out", ASKED)


def test_what_differs_is_listed_field_by_field(tmp_path):
    require_same(tmp_path, ASKED)
    other = {"source": {"root": Path("b"), "split": "train"}, "options": {"rate": 0.002}}
    with pytest.raises(TrainingError) as refused:
        require_same(tmp_path, other)
    assert str(refused.value) == (
        "TrainingError: other options or other images were trained with: "
        "source.root is a there, b is asked; options.rate is 0.001 there, 0.002 is asked; "
        "options.size is [4, 2] there, None is asked\n"
        f"  where  {tmp_path}\n"
        "  fix    use a folder of its own for each: name another with --out"
    )


def test_of_many_that_differ_the_first_are_told(tmp_path):
    require_same(tmp_path, dict.fromkeys("abcdef", 1))
    with pytest.raises(TrainingError, match="d is 1 there, 2 is asked; and 2 more"):
        require_same(tmp_path, dict.fromkeys("abcdef", 2))
