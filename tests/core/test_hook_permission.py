"""Which code of other people may run here."""

from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.hook_permission import VARIABLE, HookPermission

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_nothing_is_allowed_by_default() -> None:
    assert not HookPermission.of().allows(A)


def test_a_digest_allows_that_file_alone() -> None:
    permission = HookPermission.of(A.upper(), f" {B} ")
    assert [permission.allows(each) for each in (A, B, C)] == [True, True, False]


def test_all_allows_every_file() -> None:
    assert HookPermission.of("all").allows(C)


def test_the_environment_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{A},{B}")
    permission = HookPermission.of(C)
    assert all(permission.allows(each) for each in (A, B, C))


def test_goes_through_the_environment_of_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    permission = HookPermission.of(B, A)
    assert permission.text == f"{A},{B}"
    monkeypatch.setenv(VARIABLE, permission.text)
    assert HookPermission.of() == permission


@pytest.mark.parametrize("word", ["yes", "a" * 63, "hooks.py"])
def test_refuses_what_is_no_digest(word: str) -> None:
    with pytest.raises(PlanError) as refusal:
        HookPermission.of(word)
    assert str(refusal.value) == (
        f"PlanError: '{word}' is not the SHA-256 of a file\n"
        "  where  --allow-hooks, DLSCOPE_ALLOW_HOOKS\n"
        "  fix    give the 64 hexadecimal digits that sha256sum prints, or all"
    )
