from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import SearchError


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for name in ("abc1", "abd2"):
        folder = tmp_path / "codesign" / name
        folder.mkdir(parents=True)
        (folder / "request.json").write_text("{}")
    return tmp_path


def test_a_search_that_goes_on_cannot_be_compared(store: Path) -> None:
    with pytest.raises(SearchError, match="the search has not ended"):
        api.compare_searches(["abc"], store=str(store))
