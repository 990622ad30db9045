from __future__ import annotations

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import DataError  # noqa: E402 - after torch
from dlscope.methods.skynet.decoding import ANCHORS  # noqa: E402
from dlscope.methods.skynet.detector_training.stored_detector import (  # noqa: E402
    StoredDetector,
    read_detector,
    untrained,
)

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 48, 96, 3)).astype(np.uint8)


def small(**changes):
    return untrained(**{"width": 0.1, "size": (48, 96), **changes})


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_a_file_gives_back_what_was_written(tmp_path, variant):
    fresh = small(variant=variant, act="relu")
    told = {"recipe": "iou", "iterations": 7}
    given = StoredDetector(
        fresh.network, ((1.0, 2.0), (3.0, 4.0)), "bilinear", told, ({"step": 1},)
    )
    given.write(tmp_path / "detector.pt")
    for again in (read_detector(tmp_path / "detector.pt"), read_detector(tmp_path)):
        assert (again.anchors, again.resize, again.told) == (given.anchors, "bilinear", told)
        assert (again.network.layout, again.network.act) == (fresh.network.layout, "relu")
        assert again.history == ({"step": 1},)
        for mine, theirs in zip(again.predict(PIXELS), given.predict(PIXELS), strict=True):
            assert (mine == theirs).all()


def test_an_untrained_network_follows_from_its_seed_alone():
    first, second, other = small(), small(), small(seed=1)
    assert (first.predict(PIXELS)[1] == second.predict(PIXELS)[1]).all()
    assert (first.predict(PIXELS)[1] != other.predict(PIXELS)[1]).any()
    assert first.title == "SkyNet C, width 0.1, 96×48"


def test_the_weights_of_the_authors_take_images_of_any_size(released_file):
    detector = read_detector(released_file, (80, 160))
    assert (detector.size, detector.resize, detector.anchors) == ((80, 160), "nearest", ANCHORS)


def other_form(path):
    torch.save({"form": "something"}, path)


def executed(path):
    path.write_bytes(pickle.dumps({"form": print}, protocol=2))


def cut_off(path):
    small().write(path)
    path.write_bytes(path.read_bytes()[:-500])


def other_width(path):
    small().write(path)
    whole = torch.load(path, weights_only=True)
    torch.save({**whole, "width_mult": 0.5}, path)


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (other_form, "this is no detector: it is of another form"),
        (executed, "this is no detector: it cannot be read"),
        (cut_off, "this is no detector: it cannot be read"),
        (other_width, "this is no detector: what it holds does not fit: "),
    ],
)
def test_refuses_a_file_that_is_no_detector(tmp_path, write, what):
    path = tmp_path / "x.pt"
    write(path)
    with pytest.raises(DataError) as caught:
        read_detector(path)
    assert caught.value.what.startswith(what)
    assert caught.value.where == str(path)


def test_says_how_to_have_a_detector(tmp_path):
    with pytest.raises(DataError) as caught:
        read_detector(tmp_path)
    assert str(caught.value) == (
        "DataError: there is no trained detector\n"
        f"  where  {tmp_path}\n"
        f"  fix    train one: dlscope skynet train --out {tmp_path}"
    )


def test_says_which_files_hold_a_detector(tmp_path):
    path = tmp_path / "annotations.json"
    path.write_text("{}")
    with pytest.raises(DataError) as caught:
        read_detector(path)
    assert str(caught.value) == (
        "DataError: this is no detector: it is neither a .pt file nor HDF5\n"
        f"  where  {path}\n"
        "  fix    give a file that `dlscope skynet build` or `train` wrote, or the authors' weights"
    )
