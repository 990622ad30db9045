from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import MACHINE, forked

from dlscope.methods.bounds import end_to_end
from dlscope.methods.bounds.end_to_end import TurnRule, measure_models, setup_of, side_by_side
from dlscope.methods.bounds.setups import Setup
from dlscope.store import Store

RULE = TurnRule(half_width=0.5, seconds=0.1, rounds=3)
DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


def test_every_setup_has_a_sample_for_each_round_that_counts(tmp_path: Path) -> None:
    turns = side_by_side(forked(tmp_path).path, [Setup("onnxruntime"), DISABLED], rule=RULE)
    assert [each.setup for each in turns] == [Setup("onnxruntime"), DISABLED]
    first, second = (each.samples_ns for each in turns)
    assert first.size == second.size >= RULE.rounds
    assert (first > 0).all()
    assert not any(each.failed for each in turns)


def test_a_setup_that_fails_is_told_and_the_others_are_measured(tmp_path: Path) -> None:
    setups = [Setup("onnxruntime"), Setup("onnxruntime", {"inter_op_threads": 0})]
    measured, failed = side_by_side(forked(tmp_path).path, setups, rule=RULE)
    assert measured.samples_ns.size >= RULE.rounds
    assert failed.samples_ns.size == 0
    assert "inter_op_threads" in failed.failed


def test_a_process_that_ends_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys; sys.stderr.write('out of luck\\n'); sys.exit(7)"
    monkeypatch.setattr(end_to_end, "_COMMAND", (end_to_end._COMMAND[0], "-c", script))
    (turns,) = side_by_side(forked(tmp_path).path, [Setup("onnxruntime")], rule=RULE)
    assert turns.failed == "the process ended with code 7: out of luck"


def test_results_are_those_of_the_model_as_one_brick(tmp_path: Path) -> None:
    model = forked(tmp_path)
    with Store.open(tmp_path / "store") as store:
        results = measure_models(
            store.benchmarks, model, [Setup("onnxruntime"), DISABLED], MACHINE, rule=RULE
        )
        assert {each.key.brick_id for each in store.benchmarks.rows()} == {model.whole.id}
    assert [each.key.algorithm for each in results] == ["", "graph_optimization=disabled"]
    assert [setup_of(each) for each in results] == [Setup("onnxruntime"), DISABLED]
    assert len({each.started_utc for each in results}) == 1


def test_a_setup_that_failed_is_stored_with_the_reason(tmp_path: Path) -> None:
    setups = [Setup("onnxruntime", {"inter_op_threads": 0})]
    with Store.open(tmp_path / "store") as store:
        (result,) = measure_models(store.benchmarks, forked(tmp_path), setups, MACHINE, rule=RULE)
    assert result.status == "failed"
    assert "inter_op_threads" in result.reason


def test_another_rule_is_another_protocol() -> None:
    assert RULE.protocol == replace(RULE).protocol
    assert RULE.protocol != replace(RULE, rounds=4).protocol
