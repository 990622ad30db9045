from __future__ import annotations

import numpy as np
import pytest
import uav_files_made as made_up

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.data.got10k_folder import meta_info, read_got10k, read_sequence, write_got10k


@pytest.fixture
def written(tmp_path):
    write_got10k(tmp_path, [made_up.sequence(), made_up.sequence("boat1-0001", frames=2)])
    return tmp_path


def test_reads_what_it_writes(written):
    made, (read, other) = made_up.sequence(), read_got10k(written)
    assert (read.name, read.class_name) == ("car12-0000", "car")
    assert other.name == "boat1-0001"
    for field in ("boxes_xywh", "cover", "absence", "cut_by_image"):
        assert np.array_equal(getattr(read, field), getattr(made, field))
    assert len(read.frames) == 3
    for frame, wanted in zip(read.frames, made.frames, strict=True):
        assert np.abs(frame.astype(int) - wanted).max() <= 1
    with pytest.raises(IndexError):
        read.frames[3]


def test_writes_the_files_of_got10k(written):
    folder = written / "car12-0000"
    texts = {path.name: path.read_text() for path in folder.iterdir() if path.suffix != ".jpg"}
    assert texts == {
        "groundtruth.txt": "4.5000,5.0000,20.0000,10.2500\n5.5000,5.0000,20.0000,10.2500\n"
        "6.5000,5.0000,20.0000,10.2500\n",
        "absence.label": "0\n0\n1\n",
        "cover.label": "8\n3\n0\n",
        "cut_by_image.label": "0\n1\n0\n",
        "meta_info.ini": "[METAINFO]\nobject_class: car\nresolution: (64, 48)\nanno_fps: 30Hz\n",
    }
    assert sorted(path.name for path in folder.glob("*.jpg")) == [
        "00000001.jpg",
        "00000002.jpg",
        "00000003.jpg",
    ]
    assert (written / "list.txt").read_text() == "car12-0000\nboat1-0001\n"
    assert meta_info(folder / "meta_info.ini")["resolution"] == "(64, 48)"


def test_needs_neither_labels_nor_meta_info(written):
    for path in (written / "car12-0000").iterdir():
        if path.suffix in (".label", ".ini"):
            path.unlink()
    read = read_sequence(written, "car12-0000")
    assert read.class_name == ""
    assert read.cover.tolist() == [8, 8, 8]
    assert not (read.absence | read.cut_by_image).any()


def test_an_absent_target_needs_no_box(written):
    (written / "car12-0000" / "groundtruth.txt").write_text("1,2,3,4\n1,2,3,4\nnan,nan,0,0\n")
    assert read_sequence(written, "car12-0000").boxes_xywh[1].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        (
            "groundtruth.txt",
            "1,2,3,4\n",
            "sequence 'car12-0000': groundtruth.txt has 1 lines for 3 frames",
        ),
        (
            "groundtruth.txt",
            "1,2,3,4\n1,2,0,4\n1,2,3,4\n",
            "sequence 'car12-0000': line 2 of groundtruth.txt has a box of 0×4",
        ),
        (
            "groundtruth.txt",
            "1,2,3,4\n1,nan,3,4\n1,2,3,4\n",
            "sequence 'car12-0000': line 2 of groundtruth.txt is not of finite numbers",
        ),
        (
            "groundtruth.txt",
            "1,2,3\n",
            "sequence 'car12-0000': line 1 of groundtruth.txt is '1,2,3', not x,y,width,height",
        ),
        (
            "cover.label",
            "8\n9\n8\n",
            "sequence 'car12-0000': line 2 of cover.label is '9', not 0 to 8",
        ),
        (
            "absence.label",
            "0\n1\n",
            "sequence 'car12-0000': absence.label has 2 lines for 3 frames",
        ),
    ],
)
def test_names_the_sequence_and_the_line_that_is_wrong(written, file, text, what):
    (written / "car12-0000" / file).write_text(text)
    with pytest.raises(DataError) as refused:
        read_got10k(written)
    assert refused.value.what == what
    assert refused.value.where.startswith(str(written / "car12-0000" / file))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the list of sequences is empty"),
        ("gone\n", "sequence 'gone' has no frames"),
        ("../other\n", "'../other' is no name of a folder beside the list"),
    ],
)
def test_refuses_a_list_of_nothing(written, text, what):
    (written / "list.txt").write_text(text)
    with pytest.raises(DataError) as refused:
        read_got10k(written)
    assert refused.value.what == what


def test_refuses_a_folder_without_a_list(tmp_path):
    with pytest.raises(DataError, match="the list of sequences cannot be read"):
        read_got10k(tmp_path)
