from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import forked

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.end_to_end import TurnRule
from dlscope.methods.bounds.gathering import Gathering
from dlscope.methods.bounds.request import BoundRequest
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.studying import study
from dlscope.stacks.fingerprint import environment
from dlscope.store import Store

QUICK = BoundRequest(
    baseline=Setup("onnxruntime", {"graph_optimization": "disabled"}),
    dtypes=("float32",),
    implementations=("ort",),
    against=("onnxruntime",),
    seconds=0.01,
    turns=TurnRule(half_width=0.5, seconds=0.1, rounds=3),
    has_layouts=False,
)


@pytest.fixture
def gathering(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        yield Gathering(store.benchmarks, environment(), QUICK)


@pytest.mark.slow
def test_one_call_measures_what_is_missing_and_a_second_nothing(gathering, tmp_path) -> None:
    model, told = forked(tmp_path, block=None), []
    (first,), missing = study(gathering, [model], lambda what, _: told.append(what))
    assert missing == {}
    assert first.result_of(QUICK.baseline).status == "ok"
    assert first.bounds.sequential.total_ns > 0
    assert set(first.profile) == {"Conv", "Relu", "LRN", "MaxPool", "Concat", "Flatten"}
    results = len(gathering.benchmarks.rows())
    (second,), _ = study(gathering, [model], lambda *_: None)
    assert len(gathering.benchmarks.rows()) == results
    assert second.measured == first.measured
    assert second.bounds.sequential == first.bounds.sequential


def test_without_measuring_what_is_missing_is_refused_by_name(gathering, tmp_path) -> None:
    with pytest.raises(BoundError) as refused:
        study(gathering, [forked(tmp_path, block=None)], lambda *_: None, measures=False)
    assert refused.value.what == (
        "5 layers have no measurement: Conv_0 (Conv), Relu_1 (Relu), LRN_2 (LRN), MaxPool_3 "
        "(MaxPool), Concat_4 (Concat)"
    )
    assert (
        refused.value.fix == "measure them: leave --stored and --implementation out; --mixed takes "
        "what was measured with other --seconds; --partial tells of each why not"
    )


def test_a_partial_study_tells_what_is_missing(gathering, tmp_path) -> None:
    partial = replace(gathering, request=replace(QUICK, is_partial=True))
    analyses, missing = study(partial, [forked(tmp_path)], lambda *_: None, measures=False)
    assert analyses == []
    assert [each.layer.op_type for each in missing["forked"]] == [
        *("Conv", "Relu", "LRN", "MaxPool", "Concat")
    ]
