from __future__ import annotations

import platform
import sysconfig
from pathlib import Path

import pytest

from dlscope.core.errors import StackError
from dlscope.core.manifest import StackLock
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.resolving import framework_version, resolve

ASKED = StackRequest.parse(f"tiny==1.0,python=={platform.python_version()}")


def refusal(text: str, **options: bool) -> str:
    with pytest.raises(StackError) as caught:
        resolve(StackRequest.parse(text), **options)
    return caught.value.describe()


def test_a_lock_holds_everything_exactly(shelf) -> None:
    shelf("1.0", needs="also")
    shelf("0.3", name="also")
    assert resolve(ASKED) == StackLock(
        python=platform.python_version(),
        platform=sysconfig.get_platform(),
        requirements=("also==0.3", "tiny==1.0"),
    )


def test_the_same_request_is_the_same_lock_tomorrow_and_offline(shelf) -> None:
    shelf("1.0", needs="also")
    shelf("0.3", name="also")
    lock = resolve(ASKED)
    shelf("0.4", name="also")
    assert resolve(ASKED, offline=True) == lock


def test_a_pin_is_kept(shelf) -> None:
    shelf("1.0", needs="also")
    shelf("0.3", name="also")
    shelf("0.4", name="also")
    assert "also==0.3" in resolve(StackRequest.parse(f"{ASKED},also<0.4")).requirements


def test_a_version_that_does_not_exist_is_refused_with_the_nearest(shelf) -> None:
    for version in ("1.0", "1.2", "1.5", "2.0"):
        shelf(version)
    assert refusal("tiny==1.3,python>=3.11") == (
        f"StackError: there is no tiny 1.3 for Python {platform.python_version()}\n"
        "  where  stack tiny==1.3,python>=3.11\n"
        "  fix    nearest available: 1.2, 1.5"
    )
    assert refusal("tiny==9") == (
        "StackError: there is no tiny 9\n  where  stack tiny==9\n  fix    nearest available: 2.0"
    )
    assert refusal("tiny>2.0").endswith("fix    nearest available: 2.0")


def test_offline_what_was_never_resolved_is_refused(shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_NO_INDEX")
    assert refusal("tiny==1.0", offline=True) == (
        "StackError: tiny==1.0 was never resolved here, and the network may not be used\n"
        "  where  stack tiny==1.0\n"
        "  fix    leave --offline out once, or unset UV_OFFLINE; what is fetched is kept"
    )


def test_pins_that_contradict_are_refused_in_the_words_of_the_installer(shelf) -> None:
    told = refusal("tiny,nowhere==1")
    assert told.startswith("StackError: no set of distributions satisfies tiny,nowhere==1: ")
    assert told.endswith("  fix    loosen a pin, or name another Python")


def test_the_version_of_a_framework_is_that_of_its_distribution() -> None:
    lock = StackLock(python="3.8.18", platform="any", requirements=("tensorflow-cpu==2.4.4",))
    assert framework_version("tensorflow", lock) == "2.4.4"


def test_a_request_without_an_interpreter_is_refused(shelf, tmp_path: Path) -> None:
    shelf("1.0")
    assert refusal("tiny==1.0,python==3.2").startswith(
        "StackError: there is no Python >=3.11,==3.2.* on this machine\n"
    )
