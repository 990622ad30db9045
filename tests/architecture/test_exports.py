from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator


def exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))
    return None


def bound(tree: ast.Module) -> Iterator[str]:
    """Public names that the module defines, or takes from another module of dlscope."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dlscope"):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def is_lazy(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body
    )


def dotted(path: str) -> str:
    return ".".join(("dlscope", *path.removesuffix(".py").split("/"))).removesuffix(".__init__")


def test_a_package_lists_exactly_what_it_binds(sources) -> None:
    for path, tree in sources.items():
        if not path.endswith("__init__.py") or is_lazy(tree):
            continue
        public = sorted({name for name in bound(tree) if not name.startswith("_")})
        assert sorted(exported(tree) or []) == public, path


def test_every_exported_name_exists(sources) -> None:
    for path, tree in sources.items():
        names = exported(tree)
        if names is None:
            continue
        assert len(set(names)) == len(names), path
        if is_lazy(tree):
            module = importlib.import_module(dotted(path))
            missing = [name for name in names if not hasattr(module, name)]
        else:
            missing = [name for name in names if name not in set(bound(tree))]
        assert missing == [], path


def test_no_module_takes_another_ones_private_names(sources) -> None:
    taken = [
        f"{path}: {alias.name}"
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dlscope")
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert taken == []
