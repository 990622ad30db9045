from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dlscope.core.errors import StackError
from dlscope.core.manifest import StackLock
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.at_work import at_work
from dlscope.stacks.interpreters import suitable
from dlscope.stacks.isolated import (
    IsolatedStack,
    find_stack,
    isolated_stacks,
    provide,
    remove_stack,
    stack_here,
    stack_name,
    sweep_stacks,
    unused_stacks,
)
from dlscope.stacks.making import RECORD
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
        "compiling what was not compiled before",
        "importing tiny",
    ]
    assert provide("tiny", lock, tell=steps.append) == made
    assert len(steps) == 3
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


def test_where_there_is_no_stack_it_is_told_how_to_make_one() -> None:
    with pytest.raises(StackError) as none:
        find_stack("tiny")
    assert none.value.describe() == (
        "StackError: there is no stack 'tiny'\n  where  stacks\n"
        "  fix    there is none yet: make one with `dlscope stack create FRAMEWORK==VERSION`"
    )


def test_one_that_a_worker_runs_in_is_not_removed(lock: StackLock) -> None:
    made = provide("tiny", lock)
    with at_work(made.folder):
        with pytest.raises(StackError) as caught:
            remove_stack(made)
        assert unused_stacks(0) == ()
    assert caught.value.describe() == (
        f"StackError: a worker runs in it\n  where  stack {made.name}\n"
        "  fix    wait until the run that uses it has ended"
    )
    assert stack_here("tiny", lock) == made


def test_a_stack_that_nobody_asks_for_becomes_unused(lock: StackLock) -> None:
    made = provide("tiny", lock)
    assert unused_stacks(1) == ()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(made.folder / RECORD, (two_days_ago, two_days_ago))
    assert unused_stacks(1) == (made,)
    assert unused_stacks(3) == ()
    provide("tiny", lock)
    assert unused_stacks(1) == ()


_MAKER = """
import sys
from dlscope.core.manifest import StackLock
from dlscope.stacks import making, recipes
from dlscope.stacks.isolated import provide

recipes.RECIPES["tiny"] = (recipes.Recipe("tiny", "tiny", "", ">=3.11", ()),)
if sys.argv[2] == "hold":
    def hold(folder, python):
        print("on", flush=True)
        input()
    making.give_bytecode = hold
made = provide("tiny", StackLock.model_validate_json(sys.argv[1]))
print(made.folder, made.reported)
"""


def maker(lock: StackLock, how: str) -> subprocess.Popen[str]:
    """Another process that makes the stack of `lock`, or holds on before it is finished."""
    command = [sys.executable, "-c", _MAKER, lock.model_dump_json(), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_maker_that_is_killed_leaves_no_stack_and_is_tidied_up_after(
    lock: StackLock, tmp_path: Path
) -> None:
    with maker(lock, "hold") as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "on\n"
        (left,) = (tmp_path / "cache/stacks/environments").iterdir()
        os.utime(left, (0, 0))
        sweep_stacks()
        assert left.exists()  # somebody works at it
        killed.kill()
    assert isolated_stacks() == ()
    assert stack_here("tiny", lock) is None
    made = provide("tiny", lock)
    assert environments(tmp_path) == [made.name]


def test_processes_that_make_the_same_at_once_share_one(lock: StackLock, tmp_path: Path) -> None:
    makers = [maker(lock, "make") for _ in range(2)]
    told = {each.communicate(timeout=60)[0] for each in makers}
    (name,) = environments(tmp_path)
    assert told == {f"{tmp_path}/cache/stacks/environments/{name} 1.0\n"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB, where one may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("left_bytes", [0, 60_000])
def test_a_full_disk_is_a_stated_error_and_leaves_nothing(
    lock: StackLock, small_disk: Path, monkeypatch: pytest.MonkeyPatch, left_bytes: int
) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(small_disk))
    places = [small_disk / "stacks/environments", small_disk / "stacks/bytecode"]
    for place in places:
        place.mkdir(parents=True)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filled").write_bytes(bytes(free - left_bytes))
    with pytest.raises(StackError) as caught:
        provide("tiny", lock)
    assert caught.value.describe() == (
        f"StackError: the disk of the stacks is full\n  where  stack {stack_name('tiny', lock)}\n"
        "  fix    free some space, as with `dlscope stack rm`, or choose another place with "
        "$DLSCOPE_CACHE and $UV_CACHE_DIR"
    )
    assert [list(place.iterdir()) for place in places] == [[], []]


@pytest.fixture
def as_another_user() -> Iterator[None]:
    """The rights of somebody who may read what others made, where that can be tried."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def shared_cache(shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache that everybody can read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("DLSCOPE_CACHE", folder)
        yield


def test_stacks_of_another_user_can_be_used_but_not_added_to(
    shared_cache, shelf, lock: StackLock, request: pytest.FixtureRequest
) -> None:
    made = provide("tiny", lock)
    shelf("2.0")
    other = resolve(StackRequest.parse("tiny==2.0"))
    request.getfixturevalue("as_another_user")
    assert provide("tiny", lock) == made
    with pytest.raises(StackError) as caught:
        provide("tiny", other)
    assert caught.value.what.startswith("the folder of the stacks cannot be written: ")
    assert caught.value.fix == (
        "ask its owner to make the stack, or choose another place with $DLSCOPE_CACHE"
    )


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
