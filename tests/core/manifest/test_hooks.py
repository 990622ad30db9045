"""The functions that a model wants to run around its steps."""

from __future__ import annotations

import pytest

from dlscope.core.manifest import Hooks, ModelManifest
from dlscope.core.manifest.hooks import HookName

HASH = "0123456789abcdef" * 4
HOOKS = {"module": "file:mine/hooks.py", "sha256": HASH, "preprocess": "prepare"}


def test_functions_are_those_that_are_named() -> None:
    hooks = Hooks.model_validate({**HOOKS, "after_postprocess": "count"})
    assert hooks.functions == {"preprocess": "prepare", "after_postprocess": "count"}


@pytest.mark.parametrize(
    "module", ["file:mine/hooks.py", "file:hooks.py", "pkg:pack==1.0#pack/hooks.py"]
)
def test_the_file_has_a_name(module: str) -> None:
    assert Hooks.model_validate({**HOOKS, "module": module}).file_name == "hooks.py"


@pytest.mark.parametrize(
    ("asked", "has"),
    [(("preprocess",), True), (("postprocess",), False), (("postprocess", "preprocess"), True)],
)
def test_a_model_tells_where_its_code_runs(
    model_data, asked: tuple[HookName, ...], has: bool
) -> None:
    model = ModelManifest.model_validate({**model_data, "hooks": HOOKS})
    assert model.has_hook(*asked) is has
    assert not ModelManifest.model_validate(model_data).has_hook(*asked)


CASES = [
    (
        {"module": "https://example.org/hooks.py"},
        "'https://example.org/hooks.py' is not a file of hooks",
        "hooks.module",
        "use file:PATH, or pkg:DISTRIBUTION==VERSION#PATH",
    ),
    (
        {"module": "mine.hooks"},
        "'mine.hooks' is not a file of hooks",
        "hooks.module",
        "use file:PATH, or pkg:DISTRIBUTION==VERSION#PATH",
    ),
    (
        {"preprocess": "os.system"},
        "'os.system' is not the name of a function",
        "hooks.preprocess",
        "name one that the file defines",
    ),
    (
        {"preprocess": None},
        "the hooks name no function",
        "hooks",
        "name one of before_preprocess, preprocess, after_preprocess, before_postprocess, "
        "postprocess, after_postprocess",
    ),
    ({"sha256": None}, "None is not a value of 'sha256'", "hooks.sha256", "use a text"),
]


@pytest.mark.parametrize(("changes", "what", "where", "fix"), CASES)
def test_a_fault_is_told_once(
    model_data, problems_of, changes, what: str, where: str, fix: str
) -> None:
    data = {**model_data, "hooks": {**HOOKS, **changes}}
    assert problems_of(ModelManifest, data) == [(what, where, fix)]
