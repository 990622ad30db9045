from __future__ import annotations

import pytest

from dlscope.core import registry


def layer(name: str, kind: str, start: int, us: int, **attributes):
    return ("L", name, start, us, {"type": kind, "attributes": attributes})


def m_l(*parts):
    return [([100] * 3, []), ([120] * 3, parts)]


LAYERS = [
    layer("a", "Conv", 0, 30, output_bytes=300),
    layer("b", "Relu", 30, 5, output_bytes=100),
    layer("c", "Conv", 40, 20),
    layer("_d", "Copy", 60, 9, output_bytes=900),
    layer("e", "Add", 70, 5),
]


def test_types_are_counted_the_most_frequent_first_then_by_name(made, table, text) -> None:
    assert (
        text(table("a5", made("M/L", *m_l(*LAYERS))), "type", "count", "percent")
        == """
type  count  percent
Conv  2      50
Add   1      25
Relu  1      25
"""
    )


def test_latency_is_that_of_all_layers_and_not_of_the_model(made, table, text) -> None:
    found = table("a6", made("M/L", *m_l(*LAYERS)))
    assert (
        text(found, "type", "duration_us", "percent")
        == """
type  duration_us  percent
Conv  50           83.33
Add   5            8.333
Relu  5            8.333
"""
    )
    assert sum(found.column("percent")) == pytest.approx(100)


def test_memory_leaves_out_what_is_not_known(made, table, text) -> None:
    assert (
        text(table("a7", made("M/L", *m_l(*LAYERS))), "type", "allocated_bytes", "percent")
        == """
type  allocated_bytes  percent
Conv  300              75
Relu  100              25
"""
    )
    assert len(table("a7", made("M/L", *m_l(layer("a", "Conv", 0, 1))))) == 0


def test_layers_without_any_time_have_no_shares(made, table) -> None:
    profile = made("M/L", *m_l(layer("a", "Conv", 0, 0), layer("b", "Relu", 1, 0)))
    found = table("a6", profile)
    assert found.column("percent") == (None, None)
    assert registry.load("analyses", "a6")().findings(found) == ()


def test_the_type_that_takes_most_is_told(made, table) -> None:
    found = table("a6", made("M/L", *m_l(*LAYERS)), made("M/L", *m_l(*LAYERS[1:]), model="b"))
    claims = [each.claim for each in registry.load("analyses", "a6")().findings(found)]
    assert claims == [
        "83 % of the layers' time in resnet18 on torch, batch 4, is Conv",
        "67 % of the layers' time in b on torch, batch 4, is Conv",
    ]


def test_no_type_that_takes_less_than_half_is_told(made, table) -> None:
    layers = [layer(name, name, 10 * place, 9) for place, name in enumerate("abc")]
    found = table("a6", made("M/L", *m_l(*layers)))
    assert registry.load("analyses", "a6")().findings(found) == ()
