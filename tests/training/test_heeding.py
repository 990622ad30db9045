from __future__ import annotations

import pytest

from dlscope.training.heeding import heeding


def test_ends_at_once_where_one_has_asked_to_stop():
    told, asked = [], []
    heeded = heeding(lambda *now: told.append(now), lambda: bool(asked))
    heeded("preparing", 0.5)
    asked.append(True)
    with pytest.raises(KeyboardInterrupt):
        heeded("preparing", 0.6)
    assert told == [("preparing", 0.5)]
