from __future__ import annotations

from brick_models import chain_model, graph_of

from dlscope.methods.bricks.composition import Estimate
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.figures import ratio_dots
from dlscope.methods.bricks.tables import composition_table
from dlscope.reporting.figures import svg

SUITE = cut_models([("chain", graph_of(chain_model()))], 1, cut="authored", runtime="none")


def table(*estimates: Estimate):
    return composition_table(SUITE, estimates)


def estimate(**changes) -> Estimate:
    told = {
        "composed_ns": 110.0,
        "interval_ns": (100.0, 120.0),
        "measured_ns": 100.0,
        "ratio": 1.1,
        "ratio_interval": (1.0, 1.2),
        "hot_ns": 88.0,
        "walk_ns": 132.0,
        **changes,
    }
    return Estimate(SUITE.models[0], **told)


def test_the_bracket_is_in_units_of_the_ratio() -> None:
    (record,) = ratio_dots(table(estimate()), ["model"]).spec["data"]["values"]
    assert (record["x"], record["lo"], record["hi"]) == (1.1, 1.0, 1.2)
    assert round(record["hot"], 12) == 0.88
    assert round(record["walk"], 12) == 1.32


def test_a_bracket_without_an_end_stops_at_the_point() -> None:
    (record,) = ratio_dots(table(estimate(hot_ns=None)), ["model"]).spec["data"]["values"]
    assert record["hot"] == 1.1


def test_what_was_not_measured_is_left_out() -> None:
    unknown = Estimate(SUITE.models[0], None, None, missing=0.5)
    assert ratio_dots(table(unknown), ["model"]) is None
    figure = ratio_dots(table(unknown, estimate()), ["model"])
    assert len(figure.spec["data"]["values"]) == 1


def test_several_sizes_of_bricks_are_told_apart() -> None:
    figure = ratio_dots(table(estimate()), ["model", "granularity"])
    assert figure.title == "Composed ÷ measured by granularity"
    assert ratio_dots(table(estimate()), ["model"]).title == "Composed ÷ measured"


def test_it_can_be_drawn() -> None:
    figure = ratio_dots(table(estimate(), estimate(ratio=0.9)), ["model"])
    assert svg(figure, 700).startswith("<svg")
    assert len(figure.spec["layer"]) == 4
