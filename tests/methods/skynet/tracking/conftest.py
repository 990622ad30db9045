"""Small sequences to follow: a checkered rectangle that moves over soft noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")


@dataclass(frozen=True)
class MovingRectangle:
    name: str
    class_name: str
    frames: list[Any]
    boxes_xywh: Any
    cover: Any
    masks: Any = None


def moving_rectangle(seed: int, frames: int = 10, size=(96, 128)) -> MovingRectangle:
    chooser = np.random.default_rng(seed)
    height, width = size
    coarse = chooser.integers(0, 256, (8, 10, 3), np.uint8)
    ground = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    w, h = map(int, chooser.integers(16, 30, 2))
    checks = chooser.integers(0, 256, (4, 4, 3), np.uint8)
    thing = cv2.resize(checks, (w, h), interpolation=cv2.INTER_NEAREST)
    place, speed = np.array([width / 2 - w / 2, height / 2 - h / 2]), chooser.uniform(-3, 3, 2)
    images, boxes, masks = [], [], []
    for _ in range(frames):
        x, y = np.clip(place, 0, [width - w, height - h]).astype(int).tolist()
        image = ground.copy()
        image[y : y + h, x : x + w] = thing
        images.append(image)
        boxes.append((x, y, w, h))
        masks.append(np.zeros(size, bool))
        masks[-1][y : y + h, x : x + w] = True
        place = place + speed
    name = f"moving-{seed}"
    return MovingRectangle(
        name, f"kind{seed % 2}", images, np.array(boxes, float), np.full(frames, 8), masks
    )


@pytest.fixture(scope="session")
def sequences() -> list[MovingRectangle]:
    return [moving_rectangle(seed) for seed in range(4)]


@pytest.fixture(scope="session")
def sequence(sequences) -> MovingRectangle:
    return sequences[0]


@pytest.fixture(scope="session")
def small_design():
    from dlscope.zoo.siamese.design import Design

    return Design(template=64, search=128, hidden=8, width=0.25)


@pytest.fixture(scope="session")
def small_network(small_design):
    torch = pytest.importorskip("torch")
    from dlscope.zoo.siamese.network import SiameseNetwork

    torch.manual_seed(0)
    return SiameseNetwork(small_design).eval()


@pytest.fixture(scope="session")
def small_answering(small_network):
    from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering

    return TorchAnswering(small_network)


@pytest.fixture(scope="session")
def mask_network(small_design):
    torch = pytest.importorskip("torch")
    from dlscope.zoo.siamese.network import SiameseNetwork

    torch.manual_seed(1)
    return SiameseNetwork(replace(small_design, has_mask=True)).eval()
