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


def test_a_search_is_found_by_the_beginning_of_its_name(store: Path) -> None:
    folder = store / "codesign" / "abc1"
    assert api.search_folder("abc", store=str(store)) == folder
    assert api.search_folder(folder, store=str(store)) == folder
    assert api.search_folder(folder / "request.json", store=str(store)) == folder


@pytest.mark.parametrize(
    ("name", "what"), [("ab", "2 searches are called ab"), ("x", "no searches are called x")]
)
def test_a_name_that_tells_none_or_several_is_refused(store: Path, name: str, what: str) -> None:
    with pytest.raises(SearchError) as refused:
        api.search_folder(name, store=str(store))
    assert refused.value.what == what


def test_a_search_that_goes_on_cannot_be_compared(store: Path) -> None:
    with pytest.raises(SearchError, match="the search has not ended"):
        api.compare_searches(["abc"], store=str(store))
