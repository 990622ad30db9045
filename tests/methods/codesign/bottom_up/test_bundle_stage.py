from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.bottom_up.bundle_stage import BundleOptions, compare_bundles
from dlscope.methods.codesign.bottom_up.fitness import Fitness, Goal
from dlscope.zoo.bundles.bundle import BUNDLES

SIZE = (16, 32)
FITNESS = Fitness((Goal("cpu", 1.0, -0.1),))
ACCURACY = {"B01": 0.5, "B03": 0.4, "B05": 0.6, "B09": 0.7, "B13": 0.3}
LATENCY = {"B01": 1.0, "B03": 2.0, "B05": 2.0, "B09": 3.0, "B13": 3.0}
RESOURCE = {"B01": 1.0, "B03": 1.0, "B05": 2.0, "B09": 3.0, "B13": 3.0}


def compared(judged, options):
    chosen = [bundle for bundle in BUNDLES if bundle.id in ACCURACY]
    evaluate = judged(lambda n: ACCURACY[n.bundle.id], lambda n: LATENCY[n.bundle.id])
    return compare_bundles(chosen, options, evaluate, FITNESS, lambda n: RESOURCE[n.bundle.id])


def test_the_best_of_each_class_go_on(judged):
    found = compared(judged, BundleOptions(1.2e6, classes=3, size=SIZE))
    table = {each.bundle.id: (each.group, each.is_pareto) for each in found.figures}
    assert table == {
        "B01": (0, True),
        "B03": (0, False),
        "B05": (1, True),
        "B09": (2, True),
        "B13": (2, False),
    }
    assert [each.bundle.id for each in found.going_on] == ["B01", "B05", "B09"]


def test_not_more_than_asked_go_on_one_of_each_class_first(judged):
    found = compared(judged, BundleOptions(1.2e6, classes=3, most=2, size=SIZE))
    assert [each.bundle.id for each in found.going_on] == ["B01", "B05"]


def test_rows_have_what_bundles_json_promises(judged):
    row = compared(judged, BundleOptions(1.2e6, size=SIZE)).figures[0].to_json()
    asked = {"id", "components", "params", "macs", "acc", "latency_ms", "resource", "group"}
    assert asked | {"pareto"} <= row.keys()
    assert (row["components"], row["acc"]) == (["Conv3"], 0.5)


def test_bundles_without_a_sketch_are_left_out_and_said_why(judged):
    evaluate = judged(lambda _network: 0.5)
    options = BundleOptions(3e5, size=SIZE)
    found = compare_bundles(BUNDLES, options, evaluate, FITNESS, lambda n: float(n.trainable))
    assert found.left_out["B07"].startswith("no sketch of Conv1→Conv5 has 300,000")
    assert "B07" not in [each.bundle.id for each in found.figures]


def test_refuses_a_space_where_no_bundle_has_a_sketch(judged):
    with pytest.raises(PlanError) as refused:
        compare_bundles(BUNDLES, BundleOptions(10.0, size=SIZE), judged(len), FITNESS, len)
    assert str(refused.value) == (
        "PlanError: the search space is empty: none of 18 bundles has a sketch of 10 "
        "multiply-accumulates\n"
        "  where  bottom-up search, bundles\n"
        "  fix    name bundles, and ask for more work"
    )
