"""Figures that tests of this folder compute, held against what the list of papers says of them.

A test file names them in `COMPUTED`; `test_pointers.py` sees that the list names the same ones.
"""

from __future__ import annotations

from dlscope.catalog.paper import PaperFigure, papers


def figure_of(name: str, *within: str) -> PaperFigure:
    """The figure `name` of the one paper among `within` that has it."""
    (found,) = (each for paper in within for each in papers()[paper].figures if each.name == name)
    return found


def require_agreement(value: float, name: str, *within: str) -> None:
    """Fail unless `value` is what the list says that it is."""
    figure = figure_of(name, *within)
    assert figure.expected is not None
    told = f"{figure.relation} {figure.expected} ± {figure.tolerance} {figure.unit}".rstrip()
    assert figure.agrees(value), f"{name}: {value} is not {told}"
