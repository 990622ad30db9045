from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.baselines import StaticTracker
from dlscope.methods.skynet.tracking.got10k import read_results, read_sequences, write_results
from dlscope.methods.skynet.tracking.running import follow


@pytest.fixture
def folder(tmp_path, sequence):
    """Three frames in the layout of GOT-10k, the last one hidden."""
    place = tmp_path / "a"
    place.mkdir()
    (tmp_path / "list.txt").write_text("a\n\n")
    for number, image in enumerate(sequence.frames[:3], 1):
        Image.fromarray(image).save(place / f"{number:08}.jpg")
    lines = [",".join(f"{each:.4f}" for each in box) for box in sequence.boxes_xywh[:2]]
    (place / "groundtruth.txt").write_text("\n".join([*lines, "0,0,0,0"]) + "\n")
    (place / "cover.label").write_text("8\n5\n0\n")
    (place / "meta_info.ini").write_text(
        "[METAINFO]\nobject_class: car\nresolution: (128, 96)\nanno_fps: 10Hz\n"
    )
    return tmp_path


def test_reads_a_folder(folder, sequence):
    (found,) = read_sequences(folder)
    assert (found.name, found.class_name, len(found.frames)) == ("a", "car", 3)
    assert found.frames[1].shape == (96, 128, 3)
    assert np.allclose(found.boxes_xywh[:2], sequence.boxes_xywh[:2])
    assert found.cover.tolist() == [8, 5, 0]
    assert follow(StaticTracker, found).overlap.overlap_t.size == 1


def test_labels_and_meta_may_be_missing(folder):
    (folder / "a" / "cover.label").unlink()
    (folder / "a" / "meta_info.ini").unlink()
    (folder / "a" / "groundtruth.txt").write_text("1 2 3 4\n1\t2\t3\t4\n1, 2, 3, 4\n")
    (found,) = read_sequences(folder)
    assert (found.class_name, found.cover.tolist()) == ("", [8, 8, 8])


def test_what_is_written_is_read_again(tmp_path):
    boxes = np.array([[1.23456, 2, 3, 4], [5, 6, 7.5, 8]])
    path = write_results(tmp_path, "mine", "a", [boxes], [[0.25, 0.5]])
    assert path == tmp_path / "mine" / "a" / "a_001.txt"
    assert path.read_text() == "1.235,2.000,3.000,4.000\n5.000,6.000,7.500,8.000\n"
    assert (path.parent / "a_time.txt").read_text() == "0.25000000\n0.50000000\n"
    (found,), seconds = read_results(tmp_path, "mine", "a", 2)
    assert found.tolist() == [[1.235, 2, 3, 4], [5, 6, 7.5, 8]]
    assert seconds.tolist() == [[0.25, 0.5]]


def test_several_runs_have_a_file_each_and_a_column_of_times(tmp_path):
    runs = [np.full((2, 4), each) for each in (1.0, 2.0)]
    write_results(tmp_path, "mine", "a", runs, [[0.1, 0.2], [0.3, 0.4]])
    assert (tmp_path / "mine/a/a_time.txt").read_text() == (
        "0.10000000,0.30000000\n0.20000000,0.40000000\n"
    )
    found, seconds = read_results(tmp_path, "mine", "a", 2)
    assert [boxes[0, 0] for boxes in found] == [1, 2]
    assert seconds.tolist() == [[0.1, 0.2], [0.3, 0.4]]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("1,2,3,4\n", "sequence a has 3 frames and 1 lines; line 2 is missing"),
        ("1,2,3,4\n" * 4, "sequence a has 3 frames and 4 lines; line 4 is too many"),
        ("", "sequence a has 3 frames and 0 lines; line 1 is missing"),
        ("1,2,3,4\n1,2,0,4\n1,2,3,4\n", "line 2 of sequence a is 1,2,0,4, a box without area"),
        ("1,2,3,4\n1,2,3,4\n1,2,3,-4\n", "line 3 of sequence a is 1,2,3,-4, a box without area"),
        ("1,2,3,4\nnan,nan,nan,nan\n1,2,3,4\n", "line 2 of sequence a is nan,nan,nan,nan"),
        ("1,2,inf,4\n" * 3, "line 1 of sequence a is 1,2,inf,4"),
        ("1,2,3,4\n1,2,3\n1,2,3,4\n", "line 2 of sequence a is '1,2,3'"),
        ("1,2,3,4\n1,two,3,4\n", "line 2 of sequence a is '1,two,3,4'"),
        ("1,2,3\n" * 3, "line 1 of sequence a has 3 numbers"),
    ],
)
def test_refuses_results_that_are_none(tmp_path, lines, told):
    place = tmp_path / "mine" / "a"
    place.mkdir(parents=True)
    (place / "a_001.txt").write_text(lines)
    with pytest.raises(DataError) as refused:
        read_results(tmp_path, "mine", "a", 3)
    assert refused.value.what == told
    assert refused.value.where == str(place / "a_001.txt")


def test_nan_passes_where_it_is_allowed_and_infinity_never(tmp_path):
    place = tmp_path / "mine" / "a"
    place.mkdir(parents=True)
    (place / "a_001.txt").write_text("1,2,3,4\nnan,nan,nan,nan\n")
    (boxes,), seconds = read_results(tmp_path, "mine", "a", 2, lenient=True)
    assert np.isnan(boxes[1]).all()
    assert seconds.size == 0
    (place / "a_001.txt").write_text("1,2,3,4\ninf,1,1,1\n")
    with pytest.raises(DataError, match="line 2 of sequence a is inf,1,1,1"):
        read_results(tmp_path, "mine", "a", 2, lenient=True)


def test_refuses_a_missing_list_and_a_broken_frame(folder, tmp_path):
    with pytest.raises(DataError, match=r"list\.txt cannot be read: "):
        read_sequences(tmp_path / "nowhere")
    (folder / "a" / "00000002.jpg").write_bytes(b"\xff\xd8\xffnothing")
    with pytest.raises(DataError, match="frame 1 cannot be read"):
        follow(StaticTracker, read_sequences(folder)[0])


def test_results_that_are_not_there_are_told_with_who_writes_them(tmp_path):
    with pytest.raises(DataError) as refused:
        read_results(tmp_path, "mine", "a", 2)
    assert str(refused.value) == (
        "DataError: there are no results of 'mine' for the sequence a\n"
        f"  where  {tmp_path / 'mine/a/a_001.txt'}\n"
        "  fix    give with --results a folder with TRACKER/SEQUENCE/SEQUENCE_001.txt, such as "
        "`dlscope skynet track` writes with --results"
    )
