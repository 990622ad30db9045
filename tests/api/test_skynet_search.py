from __future__ import annotations

import json

import pytest

from dlscope import api
from dlscope.core.errors import DlscopeError

TINY = {
    "width": 0.25,
    "bundles": ("B01", "B03"),
    "data": api.DetectorData(6, 4, 4, (64, 32)),
    "effort": api.DetectorEffort(1, 1, 1, 1, 1, particles=2, iterations=1, most=1),
}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"targets": ("0ms",)},
            "PlanError: no network takes 0 ms\n"
            "  where  bottom-up search, device fpga\n"
            "  fix    give a target latency above 0",
        ),
        (
            {"targets": ("-1x",)},
            "PlanError: no network takes -1 ms\n"
            "  where  bottom-up search, device fpga\n"
            "  fix    give a target latency above 0",
        ),
        (
            {"targets": ("5ms",), "alpha": 0.1},
            "PlanError: alpha is 0.1, and a positive alpha rewards slow networks\n"
            "  where  bottom-up search, device fpga\n"
            "  fix    give an alpha below 0, in 1/ms",
        ),
        (
            {"targets": ("soon",)},
            "PlanError: 'soon' is no target\n  where  --target\n  fix    write 5ms or 0.6x",
        ),
        (
            {"targets": ("5ms", "6ms")},
            "PlanError: 2 targets do not fit 1 devices\n"
            "  where  skynet search\n"
            "  fix    give one target, or one for each device",
        ),
        (
            {"devices": ("tpu",)},
            "PlanError: there is no device 'tpu'\n"
            "  where  skynet search\n"
            "  fix    did you mean cpu?",
        ),
        (
            {"depth": 2},
            "PlanError: the search space is empty: 2 bundles, 3 pools, at most 512 channels\n"
            "  where  bottom-up search, space\n"
            "  fix    allow at least one bundle, no more pools than bundles, and 8 channels",
        ),
        (
            {"bundles": ("B19",)},
            "GraphError: there is no bundle 'B19'\n  where  bundles\n  fix    did you mean B18?",
        ),
    ],
)
def test_refuses_what_cannot_be_searched(tmp_path, asked, told):
    with pytest.raises(DlscopeError) as refused:
        api.search_skynet(tmp_path, **{"devices": ("fpga",), **TINY, **asked})
    assert str(refused.value) == told


def test_a_target_is_of_the_reference_on_each_device(tmp_path):
    from dlscope.api.detector_search import DetectorSearch
    from dlscope.api.skynet_search import _goals

    asked = DetectorSearch(tmp_path, api.DetectorData(), api.DetectorEffort(), 1.0, 1, 0)
    wide = DetectorSearch(
        tmp_path, api.DetectorData(size=(320, 160)), api.DetectorEffort(), 1.0, 1, 0
    )
    (goal,) = _goals(wide, ["fpga"], ["0.5x"], None, "hinge")
    assert goal.target_ms == pytest.approx(68.01 / 4 / 2, rel=1e-3)
    assert goal.alpha == pytest.approx(-2.0 / goal.target_ms)
    (smaller,) = _goals(asked, ["fpga"], ["3ms"], -1.0, "identity")
    assert (smaller.target_ms, smaller.alpha) == (3.0, -1.0)


def test_the_command_of_the_report_goes_on_with_the_same_search(tmp_path):
    from dlscope.api.detector_search import DetectorSearch
    from dlscope.api.skynet_search import _USUAL, _command

    usual = DetectorSearch(tmp_path, api.DetectorData(), api.DetectorEffort(), 0.5, 1, 0)
    assert _command(usual, **_USUAL) == f"dlscope skynet search --into {tmp_path} --resume"
    other = DetectorSearch(tmp_path, TINY["data"], api.DetectorEffort(most=2), 0.25, 1, 7)
    options = {**_USUAL, "device": ("cpu", "fpga"), "alpha": -0.5, "multi_scale": True}
    assert _command(other, **options) == (
        f"dlscope skynet search --into {tmp_path} --device cpu --device fpga --alpha -0.5 "
        "--multi-scale --width 0.25 --size 64x32 --images 6 --val-images 4 --test-images 4 "
        "--groups 2 --seed 7 --resume"
    )


@pytest.mark.slow
def test_finds_trains_and_resumes(tmp_path):
    report = api.search_skynet(tmp_path, **TINY)
    assert [row["bundle"] for row in report.table("bundles")] == ["B01", "B03"]
    found, reference = report.table("final")
    assert reference["latency_ratio"] == 1.0
    assert found["parameters"] > 0
    again = api.search_skynet(tmp_path, **TINY, resume=True)
    assert [each.to_json() for each in again.tables] == [each.to_json() for each in report.tables]
    rows = json.loads((tmp_path / "bundles.json").read_text())
    assert {row["id"] for row in rows} == {"B01", "B03"}
    assert api.check_manifests([tmp_path / "winner.yaml"])
