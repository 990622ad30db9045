"""The list of papers says how each figure is checked: what it points to must be there."""

from __future__ import annotations

import ast
import functools
import json
import re
from pathlib import Path

import pytest

from dlscope.catalog.paper import Paper, PaperFigure, papers

ROOT = Path(__file__).parents[2]
HERE = "tests/papers/"
COMPUTING = "test_figure"
FIGURES = [
    pytest.param(figure, id=f"{paper.name}-{figure.name}")
    for paper in papers().values()
    for figure in paper.figures
]
MEASURED = [each for each in FIGURES if each.values[0].script]  # type: ignore[union-attr]


@functools.cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def _tests(file: str) -> set[str]:
    """Tests of a file, those of its classes as `Class::test`."""
    found = set()
    for node in _tree(file).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
    return found


def _computed(file: str) -> set[str]:
    """The figures that a file of this folder names in `COMPUTED`; none where it has no such."""
    for node in _tree(file).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(each, ast.Name) and each.id == "COMPUTED" for each in targets):
            assert isinstance(node, ast.Assign)
            assert isinstance(node.value, ast.Dict)
            return {ast.literal_eval(key) for key in node.value.keys if key is not None}
    return set()


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    return (ROOT / file).is_file() and (not name or name in _tests(file))


@pytest.mark.parametrize("figure", FIGURES)
def test_the_test_of_a_figure_is_there(figure: PaperFigure) -> None:
    assert not figure.test or _is_there(figure.test)


@pytest.mark.parametrize("paper", papers().values(), ids=lambda paper: paper.name)
def test_the_tests_of_ideas_are_there(paper: Paper) -> None:
    missing = [each.test for each in paper.ideas if each.test and not _is_there(each.test)]
    assert missing == []


@pytest.mark.parametrize("paper", papers().values(), ids=lambda paper: paper.name)
def test_what_is_built_is_shown_by_a_test(paper: Paper) -> None:
    assert [each.idea for each in paper.ideas if each.state == "built" and not each.test] == []


def test_figures_that_are_computed_here_are_those_of_the_list() -> None:
    listed: dict[str, set[str]] = {}
    for paper in papers().values():
        for figure in paper.figures:
            file, _, name = figure.test.partition("::")
            if file.startswith(HERE) and name == COMPUTING:
                listed.setdefault(file, set()).add(figure.name)
    files = [f"{HERE}{path.name}" for path in (ROOT / HERE).glob("test_*.py")]
    assert {file: _computed(file) for file in files if _computed(file)} == listed


@pytest.mark.parametrize("figure", MEASURED)
def test_what_was_measured_stands_in_its_file_and_agrees(figure: PaperFigure) -> None:
    assert (ROOT / figure.script).is_file()
    content = json.loads((ROOT / figure.result).read_text(encoding="utf-8"))
    assert figure.value_in(content) == figure.here, "run python benchmarks/papers.py"
    assert figure.here is not None
    assert figure.agrees(figure.here)


@pytest.mark.parametrize("paper", papers().values(), ids=lambda paper: paper.name)
def test_the_folders_to_open_are_there(paper: Paper) -> None:
    package = ROOT / "src" / "dlscope"
    folders = (paper.open_first, *paper.leans_on)
    assert [each for each in folders if not (package / each).is_dir()] == []


@pytest.mark.parametrize("paper", papers().values(), ids=lambda paper: paper.name)
def test_pages_that_are_linked_are_there(paper: Paper) -> None:
    pages = [page for each in paper.ideas for page in re.findall(r"\]\(([^)#]+)", each.here)]
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []
