"""How much smaller SkyNet makes a tracker: the published ratios beside counts of whole trackers.

All counts are exact and need no training; they are kept here, so that a report needs no torch, and
a test counts the networks again. A published ratio of backbones is not one of trackers, whose heads
are the same; so both are told side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from dlscope.core.report import Finding
from dlscope.core.table import Cell, Column, Table
from dlscope.zoo.architecture import outline
from dlscope.zoo.resnet import RESNET

RATIO_COLUMNS = (
    Column("compared", "str", "what is compared, with ResNet-50 and with SkyNet", role="id"),
    Column("resnet50_parameters", "int", "learnt numbers with ResNet-50", role="value"),
    Column("skynet_parameters", "int", "learnt numbers with SkyNet", role="value"),
    Column("parameters_ratio", "float", "the first over the second", role="value"),
    Column("published_ratio", "float", "what the paper says of parameters", role="value"),
    Column("resnet50_macs", "int", "multiply-accumulates of a frame, ResNet-50", role="value"),
    Column("skynet_macs", "int", "multiply-accumulates of a frame, SkyNet", role="value"),
    Column("macs_ratio", "float", "the first over the second", role="value"),
    Column("published_speed_ratio", "float", "frames a second on a 1080 Ti, paper", role="value"),
)


@final
@dataclass(frozen=True)
class TrackerCounts:
    """What `zoo.siamese.counting` counts of a design: learnt numbers, and MACs of a frame."""

    parameters: int
    trunk: int
    backbone: int
    search_macs: int


COUNTS = {
    "siamrpn-skynet": TrackerCounts(3_133_279, 303_937, 632_129, 1_938_898_432),
    "siamrpn-resnet50": TrackerCounts(16_549_982, 13_786_176, 14_048_832, 15_427_045_568),
    "siamrpn++-resnet50": TrackerCounts(53_950_618, 45_528_128, 46_447_168, 48_696_820_928),
    "siammask-skynet": TrackerCounts(6_609_352, 303_937, 1_841_449, 4_383_059_712),
    "siammask-resnet50": TrackerCounts(18_816_735, 13_786_176, 14_048_832, 16_599_087_552),
}
_CLASSIFIER = 2048 * 1000 + 1000
_TRACKERS = (
    ("tracker, SiamRPN", "siamrpn-resnet50", "siamrpn-skynet", None),
    ("tracker, SiamRPN++ on three stages", "siamrpn++-resnet50", "siamrpn-skynet", 1.60),
    ("tracker, SiamMask", "siammask-resnet50", "siammask-skynet", 1.73),
)


def ratio_table() -> Table:
    """Two rows of backbones, three of whole trackers."""
    skynet = COUNTS["siamrpn-skynet"].backbone
    classifier = outline(RESNET, {"depth": "50"}).parameters - _CLASSIFIER
    rows = [
        _row("backbone, ResNet-50 of classification", classifier, skynet, published=37.20),
        _row("backbone, the trackers' ResNet-50", COUNTS["siamrpn++-resnet50"].trunk, skynet),
    ]
    for told, large, small, speed in _TRACKERS:
        rows.append(_tracker_row(told, COUNTS[large], COUNTS[small], speed))
    return Table.of("tracker_ratios", RATIO_COLUMNS, rows, title="Smaller by")


def ratio_finding(table: Table) -> Finding:
    """That the published ratio is one of backbones."""
    ratios = [float(str(each)) for each in table.column("parameters_ratio")]
    return Finding(
        "note",
        f"The published 37.20 times fewer parameters compare backbones ({ratios[0]:.2f}); whole "
        f"trackers have {ratios[2]:.1f}, {ratios[3]:.1f} and {ratios[4]:.1f} times fewer",
        table.name,
        rows=tuple(range(len(ratios))),
        detail="SiamRPN, SiamRPN++ with heads on three stages, SiamMask. SkyNet with its 1×1 "
        "convolution to 256 is held against ResNet-50 without its classifier.",
    )


def _row(told: str, large: int, small: int, *, published: float | None = None) -> dict[str, Cell]:
    return {
        "compared": told,
        "resnet50_parameters": large,
        "skynet_parameters": small,
        "parameters_ratio": large / small,
        "published_ratio": published,
    }


def _tracker_row(
    told: str, large: TrackerCounts, small: TrackerCounts, speed: float | None
) -> dict[str, Cell]:
    return _row(told, large.parameters, small.parameters) | {
        "resnet50_macs": large.search_macs,
        "skynet_macs": small.search_macs,
        "macs_ratio": large.search_macs / small.search_macs,
        "published_speed_ratio": speed,
    }
