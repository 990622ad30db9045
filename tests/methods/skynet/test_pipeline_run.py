from __future__ import annotations

import threading
import time

import pytest
from small_detectors import small_detector, write_photographs

from dlscope.core.errors import DataError, PlanError
from dlscope.methods.skynet.pipeline_run import PipelineOptions, image_files, run_pipeline


def told(step, share):
    del step, share


def test_both_orders_give_the_same_boxes_in_the_order_of_the_files(tmp_path):
    write_photographs(tmp_path, 6)
    run = run_pipeline(small_detector(), tmp_path, PipelineOptions(rounds=2), told=told)
    assert [each.name for each in run.found] == [each.name for each in image_files(tmp_path)]
    assert [len(each.serial.busy_ns) for each in run.rounds] == [3, 3]
    for each in run.rounds:
        assert sum(each.serial.busy_ns) <= each.serial.wall_ns
        assert each.staged.wall_ns > 0
        assert each.staged_cpu_ns > 0


def test_takes_the_first_files(tmp_path):
    write_photographs(tmp_path, 4)
    options = PipelineOptions(rounds=0)
    run = run_pipeline(small_detector(), tmp_path, options, limit=3, told=told)
    assert len(run.found) == 3


def test_a_strict_run_ends_all_threads_and_names_stage_and_file(tmp_path):
    write_photographs(tmp_path, 8)
    path = tmp_path / "car2" / "000003.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    before, started = threading.active_count(), time.monotonic()
    with pytest.raises(DataError) as refused:
        run_pipeline(small_detector(), tmp_path, PipelineOptions(is_strict=True), told=told)
    assert time.monotonic() - started < 2
    assert threading.active_count() == before
    first, where, _ = str(refused.value).splitlines()
    assert first.startswith(
        "DataError: stage 'fetch+prepare' failed at item 3: image 3, 'car2/000003': the file "
        "cannot be decoded: image file is truncated"
    )
    assert where == "  where  pipeline, stage 'fetch+prepare', item 3"


def test_refuses_a_folder_without_images(tmp_path):
    with pytest.raises(DataError, match="there are no images of the contest"):
        image_files(tmp_path)
    with pytest.raises(DataError, match="there is no folder"):
        image_files(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["batch", "capacity", "threads"])
def test_refuses_numbers_below_one(name):
    with pytest.raises(PlanError) as refused:
        PipelineOptions(**{name: 0})
    assert str(refused.value) == (
        f"PlanError: {name} is 0\n  where  SkyNet, pipeline\n  fix    give 1 or more"
    )
