from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dlscope.core.errors import StackError
from dlscope.core.manifest import StackLock
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.interpreters import suitable
from dlscope.stacks.isolated import (
    IsolatedStack,
    find_stack,
    isolated_stacks,
    provide,
    remove_stack,
    stack_here,
    stack_name,
)
from dlscope.stacks.resolving import resolve


@pytest.fixture
def lock(shelf) -> StackLock:
    shelf("1.0")
    return resolve(StackRequest.parse("tiny==1.0"))


def environments(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache/stacks/environments").iterdir())


def version_in(stack: IsolatedStack) -> str:
    told = [stack.python, "-c", "import tiny; print(tiny.__version__)"]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()


def test_a_stack_is_made_once_and_found_again(lock: StackLock) -> None:
    steps: list[str] = []
    made = provide("tiny", lock, tell=steps.append)
    assert (made.version, made.reported, version_in(made)) == ("1.0", "1.0", "1.0")
    assert made.name == f"tiny-1.0-py{lock.python}-{lock.digest[:12]}"
    assert steps == [
        f"installing 1 distributions on Python {lock.python}",
        "importing tiny",
    ]
    assert provide("tiny", lock, tell=steps.append) == made
    assert len(steps) == 2
    assert stack_here("tiny", lock) == made
    assert isolated_stacks() == (made,)


def test_two_versions_lie_side_by_side(shelf, lock: StackLock) -> None:
    shelf("2.0")
    stacks = [provide("tiny", each) for each in (lock, resolve(StackRequest.parse("tiny==2.0")))]
    assert [version_in(stack) for stack in stacks] == ["1.0", "2.0"]


def test_nobody_adds_to_a_stack(lock: StackLock) -> None:
    folder = provide("tiny", lock).folder
    inner = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
    assert {oct(path.stat().st_mode & 0o777) for path in [folder, *inner]} == {"0o555"}


def test_those_who_make_the_same_at_once_share_one(lock: StackLock, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(lambda _: provide("tiny", lock).folder, range(3)))
    assert len(made) == 1
    assert environments(tmp_path) == [stack_name("tiny", lock)]


def test_a_framework_that_cannot_be_imported_leaves_nothing(shelf, tmp_path: Path) -> None:
    shelf("3.0", code="import nowhere_at_all\n")
    lock = resolve(StackRequest.parse("tiny==3.0"))
    with pytest.raises(StackError) as caught:
        provide("tiny", lock)
    assert caught.value.what.startswith("tiny is installed but cannot be imported: ")
    assert caught.value.what.endswith("ModuleNotFoundError: No module named 'nowhere_at_all'")
    assert caught.value.where == f"stack {stack_name('tiny', lock)}"
    assert environments(tmp_path) == []


def test_an_installer_that_fails_is_quoted_and_leaves_nothing(
    lock: StackLock, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "uv")
    (tmp_path / "shelf" / "tiny-1.0-py3-none-any.whl").write_bytes(b"no wheel")
    with pytest.raises(StackError, match="the installer failed: "):
        provide("tiny", lock)
    assert environments(tmp_path) == []


def test_offline_a_stack_that_was_never_fetched_is_refused(
    lock: StackLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tmp_path / "uv")
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.delenv("UV_FIND_LINKS")
    with pytest.raises(StackError) as caught:
        provide("tiny", lock, offline=True)
    assert caught.value.describe() == (
        "StackError: some of its distributions are not in the cache, and the network may not be "
        f"used\n  where  stack {stack_name('tiny', lock)}\n"
        "  fix    leave --offline out once, or unset UV_OFFLINE; what is fetched is kept"
    )


def test_a_lock_of_a_python_that_is_gone_is_refused(lock: StackLock) -> None:
    gone = lock.model_copy(update={"python": "3.4.9"})
    with pytest.raises(StackError, match=r"there is no Python ==3\.4\.9 on this machine"):
        provide("tiny", gone)


def test_a_stack_is_found_by_its_beginning_and_removed(lock: StackLock) -> None:
    made = provide("tiny", lock)
    assert find_stack("tiny-1.0") == find_stack(lock.digest[:12]) == find_stack(made.name) == made
    remove_stack(made)
    assert isolated_stacks() == ()
    assert not made.folder.exists()


def test_a_stack_that_is_not_meant_alone_is_refused(shelf, lock: StackLock) -> None:
    shelf("1.1")
    names = [
        provide("tiny", each).name for each in (lock, resolve(StackRequest.parse("tiny==1.1")))
    ]
    with pytest.raises(StackError) as several:
        find_stack("tiny")
    assert several.value.describe() == (
        "StackError: 'tiny' means 2 stacks\n  where  stacks\n"
        f"  fix    use one of {names[0]}, {names[1]}"
    )
    with pytest.raises(StackError, match="there is no stack 'tiny-7'"):
        find_stack("tiny-7")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_onnxruntimes_and_an_old_framework_say_which_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))
    asked = {"onnxruntime==1.18.0": "1.18.0", "onnxruntime==1.22.1": "1.22.1"}
    if any(each.version.startswith("3.8.") for each in suitable("", "here")):
        asked["mxnet==1.9.1"] = "1.9.1"
    for text, version in asked.items():
        request = StackRequest.parse(text)
        assert provide(request.framework, resolve(request)).reported == version
