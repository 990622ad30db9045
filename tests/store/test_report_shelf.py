from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlscope.core.errors import FileError, StoreError
from dlscope.core.report import Facts, Figure, Finding, Picture, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.store.report_shelf import Label, ReportShelf

TOLD = {"created_utc": "2026-01-02T10:00:00+00:00", "version": "1.2.3"}
TABLE = Table.of("scores", (Column("iou", "float", "overlap"),), [{"iou": 0.5}, {"iou": None}])
WHOLE = Report(
    title="Title",
    answer="Answer.",
    tables=(TABLE,),
    findings=(Finding("good", "a claim", "scores", (0,), gain=0.1),),
    sections=(
        Section("Seen", (Picture("p", "P", b"\x89PNG\x00\xff", "a square"), Prose("text\u2028"))),
        Section("Drawn", (Figure("f", "F", {"mark": "line"}, "scores"), Facts((("a", "b"),)))),
    ),
    warnings=("a warning",),
    next_commands=(("dlscope doctor", "look"),),
    command="dlscope skynet eval a",
)


def test_a_report_comes_back_whole(tmp_path: Path) -> None:
    shelf = ReportShelf(tmp_path / "skynet")
    name = shelf.keep(WHOLE, "eval", **TOLD)
    assert re.fullmatch("eval-[0-9a-f]{8}", name)
    label, report = shelf.read(name)
    assert report == WHOLE
    assert label == Label("eval", "Title", "Answer.", "dlscope skynet eval a", **TOLD)


def test_the_same_report_is_kept_once_and_another_beside_it(tmp_path: Path) -> None:
    shelf = ReportShelf(tmp_path)
    first = shelf.keep(WHOLE, "eval", **TOLD)
    again = shelf.keep(WHOLE, "eval", **{**TOLD, "created_utc": "2026-01-03T10:00:00+00:00"})
    other = shelf.keep(Report("Other", ""), "eval", **TOLD)
    assert first == again != other
    assert shelf.names() == tuple(sorted((first, other)))
    assert shelf.read(first)[0].created_utc == "2026-01-03T10:00:00+00:00"
    assert len(list(tmp_path.iterdir())) == 2


def test_labels_are_told_without_the_reports(tmp_path: Path) -> None:
    shelf = ReportShelf(tmp_path)
    name = shelf.keep(WHOLE, "eval", **TOLD)
    file = tmp_path / f"{name}.jsonl"
    file.write_text(file.read_text().splitlines()[0] + "\n{", encoding="utf-8")
    (tmp_path / "spoiled-00000000.jsonl").write_text("{")
    ((first, label), (second, none)) = shelf.labels()
    assert (first, second, none) == (name, "spoiled-00000000", None)
    assert label is not None
    assert label.title == "Title"


def test_an_empty_folder_has_no_reports(tmp_path: Path) -> None:
    shelf = ReportShelf(tmp_path / "nowhere")
    assert shelf.names() == ()
    assert list(shelf.labels()) == []
    with pytest.raises(StoreError, match="there is no report 'x'") as refused:
        shelf.read("x")
    assert refused.value.fix == "make one first"


def test_a_near_name_is_told(tmp_path: Path) -> None:
    shelf = ReportShelf(tmp_path)
    name = shelf.keep(WHOLE, "eval", **TOLD)
    with pytest.raises(StoreError) as refused:
        shelf.read(name[:-1])
    assert refused.value.fix == f"did you mean {name}?"


@pytest.mark.parametrize("content", ["", "{}\n", '{}\n{"title": 1}\n', "\x00", "[]\n[]\n"])
def test_a_spoiled_file_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "eval-1.jsonl").write_text(content)
    with pytest.raises(StoreError, match=r"the report eval-1 cannot be read: ") as refused:
        ReportShelf(tmp_path).read("eval-1")
    assert refused.value.fix == "delete the file, and make the report again"


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    ReportShelf(tmp_path).keep(WHOLE, "eval", **TOLD)
    (tmp_path / "inner").mkdir()
    with pytest.raises(StoreError, match="there is no report"):
        ReportShelf(tmp_path / "inner").read(f"../{ReportShelf(tmp_path).names()[0]}")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "skynet").write_text("a file")
    with pytest.raises(FileError):
        ReportShelf(tmp_path / "skynet").keep(WHOLE, "eval", **TOLD)
