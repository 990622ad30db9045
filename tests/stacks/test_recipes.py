from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from dlscope.core.errors import StackError
from dlscope.stacks.recipes import RECIPES, recipe_for


@pytest.mark.parametrize(
    ("framework", "version", "distribution", "beside"),
    [
        ("onnxruntime", "1.31.1", "onnxruntime", ("numpy",)),
        ("onnxruntime", "1.18.0", "onnxruntime", ("numpy<2",)),
        ("onnxruntime", None, "onnxruntime", ("numpy",)),
        ("tensorflow", "1.15.5", "tensorflow", ("protobuf<3.21",)),
        ("tensorflow", "2.4.4", "tensorflow-cpu", ("protobuf<3.21",)),
        ("mxnet", "1.9.1", "mxnet", ("numpy<1.24",)),
    ],
)
def test_the_version_decides_what_is_beside(framework, version, distribution, beside) -> None:
    recipe = recipe_for(framework, version, "here")
    assert (recipe.distribution, recipe.beside) == (distribution, beside)


@pytest.mark.parametrize("framework", RECIPES)
def test_no_version_has_two_recipes(framework: str) -> None:
    for version in ("0.9", "1.0", "1.18.1", "1.19", "2.0", "2.11.9", "2.12", "2026.1"):
        fitting = [r for r in RECIPES[framework] if SpecifierSet(r.versions).contains(version)]
        assert len(fitting) <= 1


def test_a_framework_without_a_recipe_is_refused() -> None:
    with pytest.raises(StackError) as caught:
        recipe_for("onnxrutime", "1.0", "stack onnxrutime==1.0")
    assert caught.value.describe() == (
        "StackError: there is no recipe for a stack of 'onnxrutime'\n"
        "  where  stack onnxrutime==1.0\n"
        "  fix    did you mean onnxruntime?"
    )
