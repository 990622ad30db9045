from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DlscopeError
from dlscope.methods.evaluation.exported_documents import read_documents

EVALUATION = {"_id": {"$oid": "e"}, "framework": {}, "model": {}}
PERFORMANCE = {"_id": {"$oid": "p"}, "trace": {}}


def write(path: Path, text: Any) -> Path:
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


@pytest.mark.parametrize(
    "text",
    [
        [EVALUATION, PERFORMANCE],
        f"{json.dumps(EVALUATION)}\n\n{json.dumps(PERFORMANCE)}\n",
    ],
    ids=["a list", "a line each"],
)
def test_documents_come_in_a_list_or_line_by_line(tmp_path: Path, text: Any) -> None:
    path = write(tmp_path / "all.json", text)
    documents = read_documents([path])
    assert [(each.collection, each.id) for each in documents] == [
        ("evaluation", "e"),
        ("performance", "p"),
    ]
    assert documents[1].where == f"{path}, document 2"


def test_one_document_is_a_file(tmp_path: Path) -> None:
    (document,) = read_documents([write(tmp_path / "one.json", {"id": "a", "top_1": 1})])
    assert (document.collection, document.id) == ("model_accuracy", "a")


def test_what_mongoexport_puts_around_values_is_taken_off(tmp_path: Path) -> None:
    told = {
        "top_1": {"$numberDouble": "0.5"},
        "n": {"$numberLong": "7"},
        "at": {"$date": {"$numberLong": "5"}},
        "ids": [{"$oid": "a"}],
    }
    (document,) = read_documents([write(tmp_path / "one.json", told)])
    assert document.data == {"top_1": 0.5, "n": 7, "at": 5, "ids": ["a"]}


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("{}", "the document is of none of the collections of MLModelScope", ", document 1"),
        ("[3]", "a document is a mapping of fields", ", document 1"),
        ('{"top_1": 1}\n{broken', "the line is not JSON", ", line 2"),
    ],
)
def test_refuses_what_is_no_export(tmp_path: Path, text: str, what: str, where: str) -> None:
    path = write(tmp_path / "x.json", text)
    with pytest.raises(DlscopeError) as caught:
        read_documents([path])
    assert caught.value.describe() == (
        f"ManifestError: {what}\n  where  {path}{where}\n  fix    export it again with mongoexport"
    )


def test_all_files_are_looked_at(tmp_path: Path) -> None:
    missing, broken = tmp_path / "none.json", write(tmp_path / "x.json", "[3, {}]")
    with pytest.raises(DlscopeError) as caught:
        read_documents([missing, broken])
    assert len(caught.value.problems) == 3
    assert caught.value.problems[0].what.startswith("the export cannot be read: ")
