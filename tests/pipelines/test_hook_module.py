"""A file of hooks, executed: what was checked is what runs, under a name of its own."""

from __future__ import annotations

import py_compile
import sys
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.digest import bytes_digest
from dlscope.core.errors import DataError, PluginError, Problems
from dlscope.core.manifest import Hooks
from dlscope.pipelines.hook_module import LoadedHooks, load_hooks


def declared(path: Path, **functions: str) -> Hooks:
    functions = functions or {"preprocess": "prepare"}
    sha256 = bytes_digest(path.read_bytes())
    return Hooks.model_validate({"module": f"file:{path}", "sha256": sha256, **functions})


@pytest.fixture
def load(tmp_path: Path):
    """Loads hooks from a file with the given text."""

    def load(text: str, **functions: str) -> LoadedHooks:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        return load_hooks(path, declared(path, **functions))

    return load


def test_gives_the_functions_that_are_named(load) -> None:
    text = "def prepare(context, data): return data + [context['seed']]\nfinish = prepare\n"
    hooks = load(text, preprocess="prepare", postprocess="finish")
    assert list(hooks.functions) == ["preprocess", "postprocess"]
    assert hooks.functions["preprocess"]({"seed": 7}, [1]) == [1, 7]


def test_is_a_module_of_its_own(load) -> None:
    text = (
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Point:\n"
        "    x: int\n"
        "def prepare(context, data): return Point(__name__)\n"
    )
    name = load(text).functions["preprocess"]({}, None).x
    assert name.startswith("_dlscope_hooks_")
    assert "mine" not in sys.modules


def test_each_loading_has_fresh_globals(load) -> None:
    text = "seen = []\ndef prepare(context, data): seen.append(1); return len(seen)\n"
    assert [load(text).functions["preprocess"]({}, None) for _ in range(2)] == [1, 1]


def test_a_compiled_copy_beside_it_is_not_looked_at(load, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("def prepare(context, data): return 'other'\n")
    compiled = tmp_path / "__pycache__" / f"mine.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(
        str(other),
        cfile=str(compiled),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    assert load("def prepare(context, data): return 'mine'\n").functions["preprocess"]({}, 0) == (
        "mine"
    )


def test_refuses_a_file_that_is_not_as_declared(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def prepare(context, data): return data\n")
    as_it_was = declared(path)
    path.write_text("raise RuntimeError('this must not run')\n")
    with pytest.raises(DataError) as caught:
        load_hooks(path, as_it_was)
    assert str(caught.value) == (
        f"DataError: {path} has the SHA-256 {bytes_digest(path.read_bytes())}, "
        f"expected {as_it_was.sha256}\n"
        "  where  hooks, mine.py\n"
        "  fix    restore the file, or correct the manifest"
    )


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("x = 1\n1 / 0\n", "ZeroDivisionError: division by zero", ", line 2"),
        (
            "import no_such_thing\n",
            "ModuleNotFoundError: No module named 'no_such_thing'",
            ", line 1",
        ),
        ("import sys\nsys.exit()\n", "SystemExit", ", line 2"),
        ("def prepare(:\n", "SyntaxError: invalid syntax (mine.py, line 1)", ""),
    ],
)
def test_tells_a_file_that_cannot_be_executed(load, text: str, what: str, line: str) -> None:
    with pytest.raises(PluginError) as caught:
        load(text)
    assert str(caught.value) == (
        f"PluginError: the file of hooks cannot be executed: {what}\n"
        f"  where  hooks, mine.py{line}\n"
        "  fix    correct it, and put its new sha256 into the manifest"
    )


def test_tells_a_function_that_is_missing(load) -> None:
    with pytest.raises(PluginError) as caught:
        load("def prepare(context, data): return data\n", preprocess="prepaer")
    assert str(caught.value) == (
        "PluginError: the file of hooks has no function 'prepaer'\n"
        "  where  hooks, mine.py, preprocess\n"
        "  fix    did you mean prepare?"
    )


def test_tells_every_function_that_is_missing(load) -> None:
    with pytest.raises(Problems) as caught:
        load("prepare = 3\n", preprocess="prepare", postprocess="finish")
    assert [each.what for each in caught.value.problems] == [
        "the file of hooks has no function 'prepare'",
        "the file of hooks has no function 'finish'",
    ]


def test_names_the_line_of_an_error_where_it_is_in_the_file(load) -> None:
    hooks = load("import json\ndef prepare(context, data):\n    return json.loads(data)\n")
    error: Any = None
    try:
        hooks.functions["preprocess"]({}, "{")
    except ValueError as caught:
        error = caught
    assert hooks.line_of(error) == "mine.py, line 3"
    assert hooks.line_of(ValueError()) == "mine.py"
