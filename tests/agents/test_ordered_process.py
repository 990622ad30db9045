from __future__ import annotations

import pytest

from dlscope.agents.ordered_process import ORDER, said
from dlscope.core.errors import BackendError

TELLS = {"name": "the process", "where": "here", "fix": "again"}


def spoken(folder, monkeypatch, source: str):
    """What a process of these lines says; its module lies in `folder`."""
    (folder / "told_once.py").write_text(source)
    (folder / ORDER).write_text("7")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return list(said("told_once", folder, **TELLS))


def test_gives_what_is_said_until_it_is_done(tmp_path, monkeypatch):
    source = (
        "import json, sys\n"
        "print(json.dumps({'share': 0.5}))\n"
        "print(json.dumps({'done': True, 'order': open(sys.argv[1]).read()}))\n"
    )
    assert spoken(tmp_path, monkeypatch, source) == [
        {"share": 0.5},
        {"done": True, "order": "7"},
    ]


def test_an_error_that_it_tells_is_raised_in_its_words(tmp_path, monkeypatch):
    source = 'print(\'{"error": {"what": "no", "where": "there", "fix": "do"}}\')\n'
    with pytest.raises(BackendError) as refused:
        spoken(tmp_path, monkeypatch, source)
    assert str(refused.value) == "BackendError: no\n  where  there\n  fix    do"


def test_one_that_ends_before_it_is_done_is_quoted(tmp_path, monkeypatch):
    source = "import sys\nsys.stderr.write('one\\ntwo\\n')\nsys.exit(3)\n"
    with pytest.raises(BackendError) as refused:
        spoken(tmp_path, monkeypatch, source)
    assert str(refused.value) == (
        "BackendError: the process ended with code 3: one; two\n  where  here\n  fix    again"
    )
