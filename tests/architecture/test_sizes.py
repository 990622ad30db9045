from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

LONG = 60
RUN = 6


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_prose_or_import(node: ast.AST) -> bool:
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Import | ast.ImportFrom)


def written(source: str, module: ast.Module) -> list[str]:
    """The lines of code: no empty one, no comment, no docstring, no import."""
    prose = {
        line
        for node in ast.walk(module)
        if isinstance(node, ast.stmt) and is_prose_or_import(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(map(str.strip, source.splitlines()), 1)
    return [line for i, line in lines if line and i not in prose and not line.startswith("#")]


def repeated(files: Mapping[str, list[str]]) -> set[tuple[str, int]]:
    """The lines that stand in a run of six which stands elsewhere, too, to the letter."""
    places = defaultdict(list)
    for path, lines in files.items():
        for start in range(len(lines) - RUN + 1):
            places[tuple(lines[start : start + RUN])].append((path, start))
    twice = [place for found in places.values() if len(found) > 1 for place in found]
    return {(path, start + i) for path, start in twice for i in range(RUN)}


def test_no_function_is_longer_than_can_be_seen_at_once(sources: Mapping[str, ast.Module]) -> None:
    lengths = {
        f"{path}:{each.name}": (each.end_lineno or each.lineno) - each.lineno + 1
        for path, module in sources.items()
        for each in functions(module)
    }
    assert {name: length for name, length in lengths.items() if length > LONG} == {}


def test_less_than_a_hundredth_of_the_code_stands_twice(
    root: Path, sources: Mapping[str, ast.Module]
) -> None:
    files = {
        path: written((root / "src" / "dlscope" / path).read_text(encoding="utf-8"), module)
        for path, module in sources.items()
    }
    again = repeated(files)
    worst = sorted({path for path, _ in again})
    assert len(again) < 0.01 * sum(map(len, files.values())), worst


def test_what_stands_twice_is_found() -> None:
    own = [f"step_{i}()" for i in range(8)]
    again = repeated({"one.py": ["first()", *own], "other.py": [*own[1:], "last()"]})
    assert again == {("one.py", i) for i in range(2, 9)} | {("other.py", i) for i in range(7)}
