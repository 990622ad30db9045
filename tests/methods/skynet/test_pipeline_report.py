from __future__ import annotations

from pathlib import Path

import pytest
from small_detectors import small_detector

from dlscope.methods.skynet.pipeline_report import pipeline_report
from dlscope.methods.skynet.pipeline_run import PipelineOptions, PipelineRun, Round, Serial
from dlscope.methods.skynet.pipeline_stages import FoundBox, ImageFile, Spoiled
from dlscope.methods.skynet.staged import Staged, StageTimes

MS = 10**6
FILE = ImageFile(0, "car1/000000", Path("000000.jpg"))


def one_round(wall_ms):
    times = (
        StageTimes("fetch+prepare", 90 * MS, 0, 10 * MS, 4),
        StageTimes("infer", 200 * MS, 10 * MS, 0, 4, 8),
        StageTimes("boxes", 10 * MS, 190 * MS, 0, 4, 4),
    )
    serial = Serial((80 * MS, 160 * MS, 8 * MS), 250 * MS, 240 * MS)
    return Round(serial, Staged((), (), times, wall_ms * MS), 245 * MS)


ROUNDS = (one_round(200), one_round(160), one_round(180))


def report(rounds=ROUNDS, spoiled=(), changed=()):
    found = (FoundBox(FILE, (1.0, 2.0, 3.0, 4.0), 0.5),)
    run = PipelineRun(Path("photographs"), found, spoiled, changed, rounds)
    return pipeline_report(run, PipelineOptions(rounds=len(rounds)), small_detector())


def test_tells_both_orders_and_the_bound():
    told = report()
    assert told.answer == (
        "1 image has a box; overlapping stages are 1.39 times as fast, at most 1.55 times."
    )
    table = told.table("pipeline")
    assert table.column("wall_ns") == (250 * MS, 180 * MS)
    assert table.column("cpu_ns") == (240 * MS, 245 * MS)
    assert table.column("speed_up") == (1.0, pytest.approx(250 / 180))
    assert table.column("speed_up_lo")[1] == 250 / 200
    assert table.column("speed_up_hi")[1] == 250 / 160
    assert table.column("bound")[1] == pytest.approx(248 / 160)


def test_names_the_bottleneck():
    told = report()
    stages = told.table("pipeline_stages")
    assert stages.column("is_bottleneck") == (False, True, False)
    assert stages.column("occupancy") == (0.0, 2.0, 1.0)
    assert stages.column("share")[1] == pytest.approx(200 / 180)
    assert told.findings[0].claim == "Stage infer holds up the others"
    waits = told.table("pipeline_waits")
    assert len(waits.rows) == 9
    assert waits.rows[1] == ("fetch+prepare", "starved", 0)


def test_tells_of_files_without_a_box():
    spoiled = (Spoiled(ImageFile(1, "car1/000001", Path("000001.jpg")), "it is no image"),)
    told = report(rounds=(), spoiled=spoiled, changed=("grey", "alpha", "alpha"))
    assert told.answer == "1 image has a box, 1 could not be decoded."
    assert told.table("spoiled").rows == ((1, "car1/000001", "it is no image"),)
    assert told.table("boxes").rows == (("car1/000000", 1.0, 2.0, 3.0, 4.0, 0.5),)
    assert told.warnings == (
        "1 grey image is repeated for each channel",
        "the alpha channel of 2 images is left out",
    )
