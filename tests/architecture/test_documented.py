from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest

from dlscope.core import errors, registry
from dlscope.core.table import Column

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def public(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Public definitions at the top of `tree`, and those of its public classes."""
    for node in tree.body:
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{prefix}{node.name}.")


def is_inherited(node: ast.AST) -> bool:
    """Whether the definition only fills in, or types, what is documented elsewhere."""
    decorators = getattr(node, "decorator_list", [])
    names = {getattr(each, "attr", getattr(each, "id", "")) for each in decorators}
    return bool(names & {"override", "overload", "setter"})


def is_check(path: str, name: str) -> bool:
    """Whether it is a check of a conformance suite, whose name says all there is to say."""
    return path.startswith("testing/") and name.rpartition(".")[2].startswith("test_")


def test_every_module_is_documented(sources) -> None:
    assert [path for path, tree in sources.items() if not ast.get_docstring(tree)] == []


def test_every_public_definition_is_documented(sources) -> None:
    silent = [
        f"{path}: {name}"
        for path, tree in sources.items()
        for name, node in public(tree)
        if not is_inherited(node) and not is_check(path, name) and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_registered_plugin_exists_and_is_documented(sources, kind: str) -> None:
    broken = []
    for point in entry_points(group=f"dlscope.{kind}"):
        if not point.module.startswith("dlscope."):
            continue
        path = point.module.removeprefix("dlscope.").replace(".", "/")
        tree = sources.get(f"{path}.py") or sources.get(f"{path}/__init__.py")
        found = dict(public(tree)).get(point.attr) if tree else None
        if found is None or not ast.get_docstring(found):
            broken.append(point.value)
    assert broken == []


def test_every_group_of_plugins_is_a_kind_of_the_registry(root) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    groups = {name.removeprefix("dlscope.") for name in project["entry-points"]}
    assert groups == set(registry.KINDS)


def test_every_error_says_what_it_is_for() -> None:
    family = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.DlscopeError)
    ]
    assert [kind.__name__ for kind in family if not (kind.__doc__ or "").strip()] == []
    assert len({kind.__doc__ for kind in family}) == len(family)


def test_every_deliberate_error_is_in_the_picture(sources) -> None:
    family = {name for name in vars(errors) if name[0].isupper()}
    elsewhere = [
        f"{path}: {node.name}"
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and path != "core/errors.py"
        for base in node.bases
        if getattr(base, "id", getattr(base, "attr", "")) in family
    ]
    assert elsewhere == []


def test_a_column_cannot_go_without_its_line() -> None:
    with pytest.raises(ValueError, match="has no documentation"):
        Column("mean_ns", "float", "", unit="ns")
