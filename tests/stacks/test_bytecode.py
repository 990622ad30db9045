from __future__ import annotations

import base64
import hashlib
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dlscope.core.errors import StackError
from dlscope.stacks.bytecode import forget_unlinked, give_bytecode

PYTHON = platform.python_version()
TAG = sys.implementation.cache_tag


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes an environment that holds one distribution; the cache is an empty folder."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))

    def make(name: str, modules: dict[str, str], *, is_told: bool = True) -> Path:
        folder = tmp_path / name
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        (site,) = folder.glob("lib/python*/site-packages")
        rows = ["../../../bin/tiny,,", "tiny.dist-info/RECORD,,", '"odd,name.py",,']
        for path, text in modules.items():
            place = site / path
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
            told = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            rows.append(f"{path},{f'sha256={told}' if is_told else ''},{len(text)}")
        (site / "tiny.dist-info").mkdir()
        (site / "tiny.dist-info/RECORD").write_text("\n".join(rows), encoding="utf-8")
        return site

    return make


def compiled(site: Path) -> dict[str, int]:
    """The files of bytecode below `site`, and the number on the disk of each."""
    return {str(path.relative_to(site)): path.stat().st_ino for path in site.rglob("*.pyc")}


def folder_of(site: Path) -> Path:
    return site.parents[2]


def test_every_module_is_compiled_without_asking_for_its_source(environment) -> None:
    site = environment("one", {"tiny.py": "x = 1\n", "inner/deep.py": "y = 2\n"})
    give_bytecode(folder_of(site), PYTHON)
    assert set(compiled(site)) == {
        f"__pycache__/tiny.{TAG}.pyc",
        f"inner/__pycache__/deep.{TAG}.pyc",
    }
    # Whoever imports it is given the bytecode, although the source says something else.
    (site / "tiny.py").write_text("x = 3\n", encoding="utf-8")
    told = [folder_of(site) / "bin/python", "-I", "-c", "import tiny; print(tiny.x)"]
    assert subprocess.run(told, capture_output=True, text=True, check=True).stdout == "1\n"


def test_what_was_compiled_once_is_linked(environment) -> None:
    modules = {"tiny.py": "x = 1\n", "inner/deep.py": "y = 2\n"}
    sites = [environment(name, modules) for name in ("one", "two")]
    for site in sites:
        give_bytecode(folder_of(site), PYTHON)
    assert compiled(sites[0]) == compiled(sites[1]) != {}


def test_other_sources_and_other_pythons_are_compiled_anew(environment) -> None:
    sites = [environment(name, {"tiny.py": f"x = {name!r}\n"}) for name in ("one", "two")]
    for site in sites:
        give_bytecode(folder_of(site), PYTHON)
    assert compiled(sites[0]) != compiled(sites[1])
    third = environment("three", {"tiny.py": "x = 'one'\n"})
    give_bytecode(folder_of(third), f"{PYTHON}0")
    assert compiled(third) != compiled(sites[0])


def test_sources_without_a_digest_are_never_shared(environment) -> None:
    sites = [environment(name, {"tiny.py": "x = 1\n"}, is_told=False) for name in ("one", "two")]
    for site in sites:
        give_bytecode(folder_of(site), PYTHON)
    assert len({*compiled(sites[0]).values(), *compiled(sites[1]).values()}) == 2


def test_what_is_no_python_is_left_as_it_is(environment) -> None:
    modules = {"tiny.py": "x = 1\n", "template.py": "class {{ name }}:\n"}
    sites = [environment(name, modules) for name in ("one", "two")]
    for site in sites:
        give_bytecode(folder_of(site), PYTHON)
        assert set(compiled(site)) == {f"__pycache__/tiny.{TAG}.pyc"}


def test_bytecode_that_cannot_be_written_is_told_and_not_kept(environment) -> None:
    site = environment("one", {"tiny.py": "x = 1\n", "inner/deep.py": "y = 2\n"})
    (site / "inner/__pycache__").write_text("a file where the folder would be")
    with pytest.raises(StackError) as caught:
        give_bytecode(folder_of(site), PYTHON)
    assert caught.value.describe() == (
        "StackError: the bytecode of 1 modules cannot be written\n"
        f"  where  {site}/inner/deep.py\n"
        "  fix    see whether the disk is full, and whether there is memory for the compiler"
    )
    (site / "inner/__pycache__").unlink()
    give_bytecode(folder_of(site), PYTHON)
    assert len(compiled(site)) == 2


def test_bytecode_that_no_stack_has_is_forgotten(environment) -> None:
    site = environment("one", {"tiny.py": "x = 1\n"})
    give_bytecode(folder_of(site), PYTHON)
    (module,) = site.rglob("*.pyc")
    size = module.stat().st_size
    assert forget_unlinked() == 0
    module.unlink()
    assert forget_unlinked() == size
    assert forget_unlinked() == 0
