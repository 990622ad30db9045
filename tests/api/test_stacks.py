from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import StackError
from dlscope.stacks.isolated import find_stack
from dlscope.testing.borrowed_stack import borrowed_stack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def name() -> str:
    """The one stack that is here."""
    borrowed_stack("onnxruntime", "1.18.0")
    (found,) = api.stacks().table("isolated_stacks").column("stack")
    return str(found)


def test_without_stacks_the_list_is_empty() -> None:
    report = api.stacks()
    assert report.answer == "0 isolated stacks are here."
    assert len(report.table("isolated_stacks")) == 0


def test_lists_what_is_here(name: str) -> None:
    (row,) = api.stacks().table("isolated_stacks")
    assert (row["framework"], row["version"], row["reported"]) == (
        "onnxruntime",
        "1.18.0",
        "1.18.0",
    )
    assert row["distributions"] == 1
    assert name.startswith("onnxruntime-1.18.0-py3.")


def test_describes_a_stack_to_the_last_version(name: str) -> None:
    report = api.describe_stack("onnxruntime-1.18")
    assert report.title == name
    assert list(report.table("distributions")) == [
        {"distribution": "onnxruntime", "version": "1.18.0"}
    ]


def test_finds_what_was_made_before(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = find_stack(name).lock
    monkeypatch.setattr("dlscope.stacks.resolving.resolve", lambda *_, **__: lock)
    steps: list[str] = []
    report = api.create_stacks("onnxruntime==1.18.0", tell=steps.append)
    (row,) = report.table("isolated_stacks")
    assert (row["stack"], row["made"]) == (name, False)
    assert steps == []


def test_a_malformed_request_is_refused_before_anything_is_made(name: str) -> None:
    with pytest.raises(StackError, match="is not a framework and its version"):
        api.create_stacks(["onnxruntime==1.18.0", "=="])


def test_takes_away_none_where_one_is_unknown(name: str) -> None:
    with pytest.raises(StackError, match="there is no stack 'mxnet'"):
        api.remove_stacks([name, "mxnet"])
    assert api.remove_stacks([name, name]) == (name,)
    assert len(api.stacks().table("isolated_stacks")) == 0
