from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.api.found_searches import design_path, search_record
from dlscope.core.errors import SearchError

RECORD = (
    '{"schema_version": 1, "title": "", "space": "", "device": "", "seed": 0, "status": "%s", '
    '"objective": "latency", "design": null, "epochs": 0, "clock_mhz": null, "input": null, '
    '"created_utc": "", "run": "", "facts": [], "warnings": [], "tables": {}}'
)


def test_a_search_is_found_by_the_beginning_of_its_name(searched: Path) -> None:
    folder = searched / "codesign" / "abc1"
    assert api.search_folder("abc", store=str(searched)) == folder
    assert api.search_folder(folder, store=str(searched)) == folder
    assert api.search_folder(folder / "request.json", store=str(searched)) == folder


@pytest.mark.parametrize(
    ("name", "what", "fix"),
    [
        ("ab", "2 searches are called ab", "give more of one name: abc1, abd2"),
        *(
            (
                name,
                f"no searches are called {name}",
                "give the beginning of a name that dlscope codesign list tells, or a folder",
            )
            for name in ("x", "*", "/no/folder", "")
        ),
    ],
)
def test_a_name_that_tells_none_or_several_is_refused(
    searched: Path, name: str, what: str, fix: str
) -> None:
    with pytest.raises(SearchError) as refused:
        api.search_folder(name, store=str(searched))
    assert (refused.value.what, refused.value.fix) == (what, fix)
    assert refused.value.where == str(searched / "codesign")


def test_a_search_that_goes_on_has_no_record(searched: Path) -> None:
    with pytest.raises(SearchError) as refused:
        search_record("abc", store=str(searched))
    assert refused.value.what == "the search has not ended"
    assert refused.value.where == str(searched / "codesign" / "abc1")
    assert refused.value.fix == "let it go on: give the same dlscope codesign search again"


@pytest.mark.parametrize("content", ["", "[]", "{", "{}"])
def test_a_record_that_is_none_is_refused(searched: Path, content: str) -> None:
    (searched / "codesign" / "abc1" / "record.json").write_text(content)
    with pytest.raises(SearchError):
        search_record("abc", store=str(searched))


def test_a_design_is_found_by_its_file_its_folder_and_its_search(searched: Path) -> None:
    path = searched / "codesign" / "abc1" / "design.json"
    path.write_text("{}")
    for name in (path, path.parent, "abc"):
        assert design_path(name, store=str(searched)) == path


def test_what_is_neither_file_nor_search_is_told_so(searched: Path) -> None:
    with pytest.raises(SearchError) as refused:
        design_path("desing.json", store=str(searched))
    assert refused.value.what == "no files or searches are called desing.json"


def test_a_search_without_a_design_is_told_so(searched: Path) -> None:
    (searched / "codesign" / "abc1" / "record.json").write_text(RECORD % "infeasible")
    with pytest.raises(SearchError) as refused:
        design_path("abc", store=str(searched))
    assert refused.value.what == "the search chose no design: it is infeasible"
    assert refused.value.fix == (
        "search again with a longer --target-latency, or for a larger board"
    )
