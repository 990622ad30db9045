from __future__ import annotations

DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def test_no_module_is_a_drawer(sources) -> None:
    names = {path: {*path.removesuffix(".py").split("/")} for path in sources}
    assert [path for path, parts in names.items() if parts & DRAWERS] == []


def test_no_folder_of_tests_is_a_drawer(root) -> None:
    tests = root / "tests"
    names = {path: {*path.relative_to(tests).with_suffix("").parts} for path in tests.rglob("*.py")}
    drawers = {*DRAWERS, *(f"test_{name}" for name in DRAWERS)}
    assert [path for path, parts in names.items() if parts & drawers] == []
