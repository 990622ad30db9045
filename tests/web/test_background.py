from __future__ import annotations

import threading

import pytest

from dlscope.web.background import Background


def test_what_is_quick_is_told_at_once() -> None:
    assert Background[int]().result("key", lambda: 3, 60) == 3


def test_what_takes_longer_goes_on_and_is_not_begun_again() -> None:
    may_end, begun = threading.Event(), []

    def make() -> int:
        begun.append(1)
        may_end.wait(60)
        return 3

    background = Background[int]()
    assert background.result("key", make, 0.01) is None
    assert background.result("key", make, 0.01) is None
    may_end.set()
    assert background.result("key", make, 60) == 3
    assert begun == [1]


def test_what_was_told_is_made_anew() -> None:
    background = Background[int]()
    assert [background.result("key", lambda n=n: n, 60) for n in (1, 2)] == [1, 2]


def test_what_goes_wrong_is_raised_to_who_asks() -> None:
    def make() -> int:
        raise ValueError("no graph")

    with pytest.raises(ValueError, match="no graph"):
        Background[int]().result("key", make, 60)
