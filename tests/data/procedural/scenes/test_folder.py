from __future__ import annotations

import json

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from dlscope.core.errors import DataError  # noqa: E402 - after the check for OpenCV
from dlscope.data.procedural.scenes.folder import (  # noqa: E402 - after the check
    ScenePair,
    write_scenes,
    written_pair,
)
from dlscope.data.procedural.scenes.scene import scene  # noqa: E402 - after the check
from dlscope.data.scene_classes import id_mapping, training_ids  # noqa: E402 - after the check

PAIR = ScenePair(source=3, target=2, val=2, size=(96, 48), seed=5)


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_has_the_layout_of_cityscapes_and_keeps_the_labels_of_the_target_apart(tmp_path):
    write_scenes(tmp_path, PAIR)
    assert sorted(files(tmp_path)) == sorted(
        [
            "scenes.json",
            *(
                f"{domain}/{folder}/{split}/scenes/{number:06d}_{name}.png"
                for domain, split, count, labels in (
                    ("source", "train", 3, "gtFine"),
                    ("source", "val", 2, "gtFine"),
                    ("target", "train", 2, "gtFine_heldout"),
                    ("target", "val", 2, "gtFine"),
                )
                for number in range(count)
                for folder, name in (("leftImg8bit", "leftImg8bit"), (labels, "gtFine_labelIds"))
            ),
        ]
    )


def test_files_hold_the_scenes(tmp_path):
    digests = write_scenes(tmp_path, PAIR)
    made = scene(5, "target", 1_000_001, (48, 96))
    image = cv2.imread(
        str(tmp_path / "target/leftImg8bit/val/scenes/000001_leftImg8bit.png"),
        cv2.IMREAD_UNCHANGED,
    )
    assert np.array_equal(image[..., ::-1], made.image)
    path = "target/gtFine/val/scenes/000001_gtFine_labelIds.png"
    ids = cv2.imread(str(tmp_path / path), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(training_ids(ids, id_mapping("label_id"), where=""), made.labels)
    assert json.loads((tmp_path / "scenes.json").read_text())["labels"] == dict(digests)


@pytest.mark.slow
def test_any_number_of_workers_writes_the_same_files(tmp_path):
    write_scenes(tmp_path / "one", PAIR)
    write_scenes(tmp_path / "two", PAIR, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_tells_how_it_comes_along(tmp_path):
    told = []
    write_scenes(tmp_path, PAIR, told=lambda done, of: told.append((done, of)))
    assert told == [(done, 9) for done in range(1, 10)]


def test_does_not_mix_with_other_scenes(tmp_path):
    write_scenes(tmp_path, PAIR)
    write_scenes(tmp_path, PAIR)
    assert written_pair(tmp_path) == PAIR
    assert written_pair(tmp_path / "source") is None
    with pytest.raises(DataError, match="there are other scenes: seed is "):
        write_scenes(tmp_path, ScenePair(source=3, target=2, val=2, size=(96, 48), seed=6))


def test_refuses_a_domain_without_images():
    with pytest.raises(DataError) as refused:
        ScenePair(source=0)
    assert str(refused.value) == (
        "DataError: 0 source, 400 target and 80 validation images\n"
        "  where  scenes\n"
        "  fix    ask for at least one of each"
    )
