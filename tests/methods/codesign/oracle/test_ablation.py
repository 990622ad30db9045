from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

from dlscope.methods.codesign.oracle.ablation import SETTINGS, ablation


def test_a_setting_is_judged_three_ways(small) -> None:
    short = {
        name: replace(SETTINGS[name], steps=40)
        for name in ("published", "one pf for a block", "lanes in closed form")
    }
    table = ablation([small], range(2), settings=short)
    rows = {row["setting"]: row for row in table}
    published = rows["published"]
    assert published["runs"] == 2
    assert float(published["learnt"] or 0.0) >= float(published["exact"] or 0.0) >= 0.0
    assert float(published["continuous"] or 0.0) >= 0.0
    assert float(published["other_lag"] or 0.0) > 0.0
    assert rows["lanes in closed form"]["learnt"] is None


def test_each_setting_differs_from_what_was_published() -> None:
    assert len(set(map(repr, SETTINGS.values()))) == len(SETTINGS)
