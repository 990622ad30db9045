from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dlscope.stacks.uv import Refused, Uv, uv_variables

PYTHON = Path(sys.executable)


def test_what_pip_is_told_uv_is_told() -> None:
    told = uv_variables({"PIP_FIND_LINKS": "/wheels", "PIP_NO_INDEX": "1", "HOME": "/home"})
    assert (told["UV_FIND_LINKS"], told["UV_NO_INDEX"], told["HOME"]) == ("/wheels", "1", "/home")
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_what_uv_is_told_itself_wins() -> None:
    told = uv_variables({"PIP_FIND_LINKS": "/wheels", "UV_FIND_LINKS": "/mine"})
    assert told["UV_FIND_LINKS"] == "/mine"


def test_resolves_all_that_is_needed_sorted(shelf) -> None:
    shelf("1.0", needs="also>=2")
    shelf("2.5", name="also")
    shelf("1.5", name="also")
    assert Uv().resolve(["tiny"], PYTHON) == ("also==2.5", "tiny==1.0")


def test_a_refusal_has_the_last_lines(shelf) -> None:
    shelf("1.0")
    with pytest.raises(Refused) as caught:
        Uv().resolve(["tiny==2"], PYTHON)
    assert "tiny==2" in caught.value.said
    assert not caught.value.is_offline


def test_what_only_the_network_has_is_told_from_what_does_not_exist(
    shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_NO_INDEX")
    with pytest.raises(Refused) as caught:
        Uv(offline=True).resolve(["tiny"], PYTHON)
    assert caught.value.is_offline
