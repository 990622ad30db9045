"""Counts that are kept are those of the networks; telling them needs none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dlscope.methods.skynet.tracking.ratios import COUNTS, TrackerCounts, ratio_table


def test_ratios_stand_side_by_side():
    found = {row["compared"]: row for row in ratio_table()}
    ratios = {name: round(row["parameters_ratio"], 2) for name, row in found.items()}
    assert ratios == {
        "backbone, ResNet-50 of classification": 37.19,
        "backbone, the trackers' ResNet-50": 72.02,
        "tracker, SiamRPN": 5.28,
        "tracker, SiamRPN++ on three stages": 17.22,
        "tracker, SiamMask": 2.85,
    }
    first = found["backbone, ResNet-50 of classification"]
    assert (first["resnet50_parameters"], first["skynet_parameters"]) == (23_508_032, 632_129)
    assert first["published_ratio"] == 37.20


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_the_networks_have_as_many(name):
    pytest.importorskip("torch")
    from dlscope.zoo.siamese.counting import counts_of
    from dlscope.zoo.siamese.design import DESIGNS

    counted = counts_of(DESIGNS[name])
    assert COUNTS[name] == TrackerCounts(
        counted.parameters, counted.trunk, counted.backbone, counted.search_macs
    )


def test_a_report_of_trackers_needs_no_torch():
    code = (
        "import sys; import dlscope.methods.skynet.tracking.strip as _;"
        "from dlscope.methods.skynet.tracking.report import ratio_table;"
        "ratio_table(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
