from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dlscope.zoo.siamese.counting import counts_of
from dlscope.zoo.siamese.design import DESIGNS


@pytest.mark.parametrize(
    ("name", "parameters", "trunk", "giga_macs"),
    [
        ("siamrpn-skynet", 3_133_279, 303_937, 1.939),
        ("siamrpn-resnet50", 16_549_982, 13_786_176, 15.427),
        ("siamrpn++-resnet50", 53_950_618, 45_528_128, 48.697),
        ("siammask-skynet", 6_609_352, 303_937, 4.383),
        ("siammask-resnet50", 18_816_735, 13_786_176, 16.599),
    ],
)
def test_counts_are_those_of_the_papers(name, parameters, trunk, giga_macs):
    counts = counts_of(DESIGNS[name])
    assert (counts.parameters, counts.trunk) == (parameters, trunk)
    assert round(counts.search_macs / 1e9, 3) == giga_macs
    assert counts.response == 25
    assert counts.fusion == (6 if "++" in name else 0)


@pytest.mark.parametrize(
    ("name", "response", "trunk"),
    [
        ("siamrpn-alexnet", 21, 3_749_952),
        ("siamrpn-mobilenet_v2", 25, 3_483_180),
        ("siamrpn-skynet-small", 13, 78_641),
        ("siammask-skynet-small", 13, 78_641),
        ("siamrpn-resnet50-small", 13, 869_136),
        ("siamrpn-alexnet-small", 13, 241_680),
        ("siamrpn-mobilenet_v2-small", 13, 240_745),
    ],
)
def test_other_trunks_give_a_response_as_well(name, response, trunk):
    counts = counts_of(DESIGNS[name])
    assert (counts.response, counts.trunk) == (response, trunk)


def test_the_backbone_of_skynet_has_its_adjustment():
    assert counts_of(DESIGNS["siamrpn-skynet"]).backbone == 632_129
