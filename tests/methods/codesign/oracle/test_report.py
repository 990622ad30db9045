from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.oracle import report
from dlscope.methods.codesign.oracle.report import baselines_report


def test_it_answers_with_the_regret_of_each(small_instance, monkeypatch) -> None:
    monkeypatch.setattr(report, "instance_named", {"varied:100": small_instance}.get)
    said = []
    found = baselines_report(
        ("random", "evolution"),
        space="varied:100",
        evaluations=30,
        seeds=2,
        told=lambda step, share: said.append((step, share)),
    )
    assert found.answer.startswith("Regret on varied:100 after 30 evaluations: ")
    assert set(found.table("baselines").column("method")) == {"random", "evolution"}
    assert len(found.table("oracle_runs")) == 4
    assert found.command == (
        "dlscope codesign baseline random evolution --space varied:100 --evaluations 30 --seeds 2"
    )
    assert said == [
        ("varied:100: every design", 0.0),
        ("varied:100 random", 0.0),
        ("varied:100 evolution", 0.5),
    ]


def test_an_unknown_space_is_refused_before_anything_is_run() -> None:
    with pytest.raises(SearchError):
        baselines_report((), space="nothing")
