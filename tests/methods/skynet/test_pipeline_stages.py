from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper
from small_detectors import small_detector, write_photographs

from dlscope.core.errors import DataError, GraphError
from dlscope.methods.skynet.observing import one_thread
from dlscope.methods.skynet.pipeline_run import image_files
from dlscope.methods.skynet.pipeline_stages import batches, stages


def through(steps, batch):
    for step in steps:
        batch = step.work(batch)
    return batch


def work(detector, folder, size=1, **options):
    session = one_thread(detector.content)
    steps = stages(detector, session, **{"is_strict": False, "is_apart": True, **options})
    return [through(steps, batch) for batch in batches(image_files(folder), size)]


def test_fetching_and_preparing_are_one_stage_unless_apart(tmp_path):
    detector = small_detector()
    session = one_thread(detector.content)
    named = [
        [step.name for step in stages(detector, session, is_strict=False, is_apart=is_apart)]
        for is_apart in (False, True)
    ]
    assert named == [["fetch+prepare", "infer", "boxes"], ["fetch", "prepare", "infer", "boxes"]]


def test_a_batch_gives_what_its_files_give_alone(tmp_path):
    write_photographs(tmp_path, 3)
    alone = [each.found[0] for each in work(small_detector(), tmp_path)]
    together = [found for each in work(small_detector(), tmp_path, size=2) for found in each.found]
    assert [each.name for each in alone] == ["car1/000000", "car1/000001", "car2/000002"]
    for one, other in zip(alone, together, strict=True):
        assert one.box == pytest.approx(other.box, abs=1e-3)
        assert 0 <= one.box[0] < one.box[2] <= 96


def test_a_truncated_file_is_left_out_of_its_batch(tmp_path):
    write_photographs(tmp_path, 3)
    path = tmp_path / "car1" / "000001.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    first, second = work(small_detector(), tmp_path, size=2)
    assert [each.name for each in first.found] == ["car1/000000"]
    (spoiled,) = first.spoiled
    assert (spoiled.file.index, spoiled.file.name) == (1, "car1/000001")
    assert spoiled.reason.startswith("the file cannot be decoded: image file is truncated")
    assert len(second.found) == 1


def test_a_strict_run_names_the_file_and_its_number(tmp_path):
    write_photographs(tmp_path, 2)
    path = tmp_path / "car1" / "000001.jpg"
    path.write_bytes(b"no picture")
    with pytest.raises(DataError) as refused:
        work(small_detector(), tmp_path, is_strict=True)
    assert str(refused.value) == (
        "DataError: image 1, 'car1/000001': the file cannot be decoded: it is no image\n"
        f"  where  {path}\n"
        "  fix    restore the file; the others are read without it"
    )


def test_a_batch_of_spoiled_files_alone_goes_through(tmp_path):
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (answered,) = work(small_detector(), tmp_path)
    assert (answered.found, len(answered.spoiled)) == ((), 1)


def test_names_the_layer_that_makes_the_head_no_number(tmp_path):
    write_photographs(tmp_path, 1)
    detector = small_detector()
    for each in detector.graph.graph.initializer:
        if each.name == "bundle4.pointwise.bias":
            values = np.full_like(numpy_helper.to_array(each), np.nan)
            each.CopyFrom(numpy_helper.from_array(values, each.name))
    with pytest.raises(GraphError) as refused:
        work(detector, tmp_path)
    assert refused.value.where == "SkyNet, layer bundle4.pointwise"
