from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dlscope.catalog.paper import Paper, PaperFigure, paper, papers
from dlscope.core.errors import ManifestError

PLAIN: dict[str, Any] = {
    "name": "size",
    "what": "how large it is",
    "kind": "exact",
    "source": "abstract",
    "confidence": "printed",
    "test": "tests/test_size.py::test_size",
}
MEASURED = {"script": "measure.py", "result": "result.json", "key": "size", "here": 1.0}


def figure(**fields: Any) -> PaperFigure:
    return PaperFigure.model_validate({**PLAIN, **fields})


def test_the_list_is_in_its_order() -> None:
    found = list(papers().values())
    assert [each.place for each in found] == list(range(1, 12))
    assert [each.name for each in found[:3]] == [
        "mlmodelscope",
        "mlmodelscope-at-scale",
        "mlharness",
    ]


def test_a_citation_is_one_line() -> None:
    assert paper("dlbricks").citation == (
        "DLBricks: Composable Benchmark Generation to Reduce Deep Learning Benchmarking Effort on "
        "CPUs. Cheng Li, Abdul Dakkak, Jinjun Xiong, Wen-mei Hwu. ICPE, 2020."
    )


def test_an_unknown_paper_is_told_with_the_nearest() -> None:
    with pytest.raises(ManifestError) as refusal:
        paper("benanna")
    assert str(refusal.value) == (
        "ManifestError: 'benanna' is not a paper of the list\n"
        "  where  papers\n"
        "  fix    did you mean benanza?"
    )


@pytest.mark.parametrize(
    ("fields", "value", "agrees"),
    [
        ({"expected": 5}, 5, True),
        ({"expected": 5}, 5.01, False),
        ({"expected": 5, "tolerance": 0.1}, 4.95, True),
        ({"expected": 5, "relation": "≤"}, -100, True),
        ({"expected": 5, "relation": "≤"}, 5.01, False),
        ({"expected": 5, "relation": "≤", "tolerance": 0.1}, 5.05, True),
        ({"expected": 5, "relation": "≥"}, 5, True),
        ({"expected": 5, "relation": "≥", "tolerance": 0.1}, 4.8, False),
        ({}, 1e9, True),
    ],
)
def test_a_value_agrees_within_its_tolerance(
    fields: dict[str, Any], value: float, agrees: bool
) -> None:
    assert figure(**fields).agrees(value) is agrees


@pytest.mark.parametrize("value", [float("nan")])
@pytest.mark.parametrize("relation", ["=", "≤", "≥"])
def test_what_is_no_number_agrees_with_none(relation: str, value: float) -> None:
    assert not figure(expected=5, relation=relation, tolerance=1).agrees(value)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"test": ""}, "size: neither checked here nor told why not"),
        ({"test": "", "needs": "a GPU"}, "size: what is not checked here is of the kind 'publi"),
        ({"kind": "published"}, "size: what is not checked here is of the kind 'published'"),
        ({"script": "measure.py"}, "size: script, result, key and here belong together"),
        ({**MEASURED, "here": None}, "size: script, result, key and here belong together"),
    ],
)
def test_every_figure_is_checked_or_says_why_not(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        figure(**fields)


def test_a_figure_may_be_measured_or_be_published_alone() -> None:
    assert figure(test="", **MEASURED).here == 1.0
    assert figure(test="", kind="published", needs="a GPU").needs == "a GPU"


RESULT = {"sizes": [3, 4], "pairs": [{"row": "a", "n": 1, "x": 5}, {"row": "a", "n": 2, "x": 6}]}


@pytest.mark.parametrize(
    ("key", "value"), [("sizes/1", 4), ("pairs/row=a&n=2/x", 6), ("pairs/n=1/row", "a")]
)
def test_a_result_is_found_by_name_place_or_what_it_has(key: str, value: object) -> None:
    assert figure(test="", **{**MEASURED, "key": key}).value_in(RESULT) == value


@pytest.mark.parametrize("key", ["sizes/2", "none", "pairs/row=a/x", "pairs/row=b/x"])
def test_a_result_that_is_not_there_or_not_alone_is_an_error(key: str) -> None:
    with pytest.raises((LookupError, ValueError)):
        figure(test="", **{**MEASURED, "key": key}).value_in(RESULT)


def test_a_paper_names_each_figure_once() -> None:
    fields = paper("nais").to_json()
    fields["figures"].append(fields["figures"][0])
    with pytest.raises(ValidationError, match="nais: two figures share a name"):
        Paper.model_validate(fields)


def test_what_is_derived_from_memory_alone_is_never_called_the_papers_own() -> None:
    recalled = [
        each.what
        for listed in papers().values()
        for each in listed.figures
        if each.confidence == "recalled" and each.kind == "published"
    ]
    assert all("remembered" in what for what in recalled)
