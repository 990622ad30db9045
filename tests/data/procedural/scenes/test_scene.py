from __future__ import annotations

import hashlib

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.data.procedural.scenes.scene import scene
from dlscope.data.scene_classes import CLASSES

GOLDEN = {
    "source": ("e53a0b9ee15f08ea", "ada5431d519aef78", "91e21872db736121", "ba1adde8b95a34f9"),
    "target": ("1dfa5adc1ff0cbaa", "557b1893f25fca7a", "0216938371f4cc12", "a0351f33480ce7ae"),
}


@pytest.mark.parametrize("domain", ["source", "target"])
def test_labels_are_the_same_to_the_bit_everywhere(domain):
    found = tuple(
        hashlib.sha256(scene(3, domain, index, (64, 128)).labels.tobytes()).hexdigest()[:16]
        for index in range(4)
    )
    assert found == GOLDEN[domain]


def test_an_image_depends_on_its_arguments_alone():
    first = scene(1, "target", 5, (48, 96))
    scene(1, "target", 4, (48, 96))
    again = scene(1, "target", 5, (48, 96))
    assert np.array_equal(first.image, again.image)
    others = [scene(2, "target", 5, (48, 96)), scene(1, "source", 5, (48, 96))]
    assert not any(np.array_equal(first.labels, other.labels) for other in others)


def test_the_gap_changes_how_a_street_looks_and_not_what_is_there():
    same = scene(0, "target", 2, (64, 128), gap=0.0)
    other = scene(0, "target", 2, (64, 128), gap=1.0)
    differing = (same.labels != other.labels).mean()
    assert differing < 0.05
    assert np.abs(same.image.astype(int) - other.image.astype(int)).mean() > 20


def test_the_source_does_not_know_of_the_gap():
    assert np.array_equal(
        scene(0, "source", 2, (64, 128), gap=0.0).image,
        scene(0, "source", 2, (64, 128), gap=1.0).image,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"gap": 1.5},
            "DataError: a gap of 1.5 is not between 0 and 1\n"
            "  where  scenes\n"
            "  fix    use 0 for domains that look alike, 1 for those that look least alike",
        ),
        (
            {"size": (24, 48)},
            "DataError: images of 48x24 are too small\n"
            "  where  scenes\n"
            "  fix    use sides of at least 32 pixels",
        ),
    ],
    ids=["gap", "size"],
)
def test_refuses_what_cannot_be_drawn(arguments, message):
    with pytest.raises(DataError) as refused:
        scene(0, "source", 0, **arguments)
    assert str(refused.value) == message


def _histograms(domain: str, gap: float, count: int):
    colors, pixels = np.zeros((19, 512)), np.zeros(19)
    for index in range(count):
        made = scene(7, domain, index, (96, 192), gap=gap)
        bins = (made.image // 32).astype(np.int64) @ np.array([64, 8, 1])
        joint = made.labels.astype(np.int64) * 512 + bins
        colors += np.bincount(joint.ravel(), minlength=19 * 512).reshape(19, 512)
        pixels += np.bincount(made.labels.ravel(), minlength=19)
    return colors, pixels


def _divergence(first, second) -> float:
    """Jensen and Shannon's, in bits."""
    first, second = first / first.sum(), second / second.sum()
    middle = (first + second) / 2

    def against(each) -> float:
        there = each > 0
        return float((each[there] * np.log2(each[there] / middle[there])).sum())

    return (against(first) + against(second)) / 2


@pytest.mark.slow
def test_things_differ_more_than_stuff():
    """By at least 15 %, over 200 images of each domain."""
    source, target = (_histograms(domain, 0.55, 200)[0] for domain in ("source", "target"))
    each = [_divergence(*pair) for pair in zip(source, target, strict=True)]
    means = {
        kind: np.mean([d for d, known in zip(each, CLASSES, strict=True) if known.kind == kind])
        for kind in ("stuff", "thing")
    }
    assert means["thing"] >= 1.15 * means["stuff"]


@pytest.mark.slow
def test_both_domains_have_the_same_streets():
    """The share of each class is within a factor of 2, over 400 images."""
    source, target = (_histograms(domain, 0.55, 400)[1] for domain in ("source", "target"))
    ratio = (source / source.sum()) / (target / target.sum())
    assert ratio.min() > 0.5
    assert ratio.max() < 2
