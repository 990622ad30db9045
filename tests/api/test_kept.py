from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.api.kept import keep
from dlscope.core.errors import StoreError
from dlscope.core.report import Report

REPORT = Report("Title", "Answer.", next_commands=(("dlscope doctor", "look"),), command="made so")


def test_what_is_kept_tells_its_name_and_how_to_see_it_again(tmp_path: Path) -> None:
    kept = keep(REPORT, "skynet", "eval", store=str(tmp_path))
    (name,) = kept.runs
    assert name.startswith("eval-")
    assert kept.next_commands[0] == ("dlscope doctor", "look")
    assert kept.next_commands[1][0] == f"dlscope skynet show {name}"
    assert api.kept_names("skynet", store=str(tmp_path)) == (name,)
    assert api.kept_names("adapt", store=str(tmp_path)) == ()


def test_the_kept_report_says_what_made_it_and_when(tmp_path: Path) -> None:
    (name,) = keep(REPORT, "adapt", "ablate", store=str(tmp_path)).runs
    found = api.kept_report("adapt", name, store=str(tmp_path))
    assert (found.title, found.answer, found.runs) == ("Title", "Answer.", (name,))
    assert found.command == f"dlscope adapt show {name}"
    assert found.created_utc[:2] == "20"
    made = dict(found.sections[-1].blocks[0].pairs)
    assert (made["Made by"], made["The same again"]) == ("dlscope adapt ablate", "made so")


def test_the_newest_stands_first_and_a_spoiled_one_last(tmp_path: Path) -> None:
    names = []
    for number in range(3):
        (name,) = keep(Report(f"Title {number}", ""), "adapt", "train", store=str(tmp_path)).runs
        file = tmp_path / "adapt" / f"{name}.jsonl"
        text = file.read_text().replace('"created_utc": "20', f'"created_utc": "9{number}', 1)
        file.write_text(text)
        names.append(name)
    (tmp_path / "adapt" / "ablate-0.jsonl").write_text("{")
    report = api.list_kept("adapt", store=str(tmp_path))
    rows = list(report.table("kept_reports"))
    assert [row["report"] for row in rows] == [*reversed(names), "ablate-0"]
    assert (rows[-1]["made_by"], rows[-1]["answer"]) == ("ablate", "unreadable")
    assert report.answer.startswith("Networks moved to a new domain: 4 reports")
    assert report.next_commands[0][0] == f"dlscope adapt show {names[-1]}"


def test_an_empty_list_says_what_makes_a_report(tmp_path: Path) -> None:
    report = api.list_kept("skynet", store=str(tmp_path))
    assert report.answer == "No report yet: try dlscope skynet train --budget 60s."
    assert report.next_commands == (("dlscope skynet train --budget 60s", "make one"),)


def test_a_report_that_cannot_be_kept_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "skynet").write_text("a file")
    told = keep(REPORT, "skynet", "eval", store=str(tmp_path))
    assert told.runs == ()
    assert told.answer == "Answer."
    assert told.warnings[0].startswith("this report is not kept in the store: ")


def test_an_unknown_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no report 'x'"):
        api.kept_report("skynet", "x", store=str(tmp_path))


def test_the_argument_against_the_adversarial_loss_is_kept_once(tmp_path: Path) -> None:
    names = {api.explain_adversarial(store=str(tmp_path)).runs for _ in range(2)}
    assert len(names) == 1
    assert len(api.kept_names("adapt", store=str(tmp_path))) == 1
