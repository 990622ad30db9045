from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.searching.kept import Kept


def test_a_part_is_done_once(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> tuple[int, ...]:
        made.append(1)
        return (1, 2)

    for _ in range(2):
        assert Kept(tmp_path / "run").made("part", make, list, tuple) == (1, 2)
    assert made == [1]


def test_what_was_interrupted_is_not_kept(tmp_path: Path) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    kept = Kept(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        kept.made("part", interrupted, int, int)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "part.json").write_text("{")
    with pytest.raises(SearchError, match="what was kept cannot be read") as refused:
        Kept(tmp_path).made("part", int, int, int)
    assert refused.value.fix == "remove it; that part is then done again"
