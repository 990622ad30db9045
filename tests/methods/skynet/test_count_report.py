from __future__ import annotations

import pytest

from dlscope.methods.skynet.count_report import count_report
from dlscope.zoo.skynet.layout import Layout


def test_counts_every_variant():
    counts = count_report(Layout("A")).table("counts")
    found = dict(zip(counts.column("network"), counts.column("trainable"), strict=True))
    assert found == {
        "SkyNet A": 309_057,
        "SkyNet B": 380_033,
        "SkyNet C": 442_049,
        "trunk": 303_937,
    }


def test_the_layers_add_up_to_the_network():
    layers = count_report(Layout("B", 0.5, (96, 64))).table("layers")
    assert sum(layers.column("macs")) == Layout("B", 0.5, (96, 64)).macs


def test_explains_the_published_ratio():
    report = count_report(Layout())
    backbones = report.table("backbones")
    assert backbones.column("parameters") == (632_129, 23_508_032)
    assert backbones.column("ratio")[1] == pytest.approx(37.19, abs=0.005)
    (finding,) = report.findings
    assert finding.claim.endswith("37.19, or 37.20 when both are rounded first")


def test_says_how_to_print_it_again():
    report = count_report(Layout("C", 0.5, (128, 256), is_trunk=True))
    assert report.command == ("dlscope skynet count --variant C --width 0.5 --size 256x128 --trunk")
