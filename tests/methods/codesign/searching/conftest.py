from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from dlscope.catalog.finder import find
from dlscope.core.manifest import SpaceManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.methods.codesign.searching.images import LabelledImages, Splits
from dlscope.methods.codesign.space.space import Space

# The stand-in for a device, `device_stand_in`, is with the tests of SkyNet.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "skynet")]

SMALL = {
    "kind": "space",
    "schema_version": 1,
    "name": "small",
    "input": [1, 8, 8],
    "classes": 3,
    "stem": {"c_out": 4, "k": 3, "stride": 1},
    "head": {"c_out": 8},
    "quant": [4, 8],
    "pf": {"min": 0, "max": 6},
    "blocks": [
        {
            "name": "first",
            "c_out": 6,
            "stride": 2,
            "ops": [{"type": "mbconv", "k": 3, "e": 2}, {"type": "separable", "k": 3}],
        },
        {
            "name": "second",
            "c_out": 6,
            "ops": [{"type": "mbconv", "k": 3, "e": 2}, {"type": "skip"}],
        },
    ],
}


@pytest.fixture(scope="session")
def small() -> Space:
    """Two blocks of two operations on 8×8 grey images of three classes; 4 or 8 bits."""
    return Space(parse_manifest(SpaceManifest, SMALL, str))


@pytest.fixture(scope="session")
def grey() -> Space:
    return Space(find("space", "tiny_grey_4"))


@pytest.fixture(scope="session")
def stripes() -> LabelledImages:
    """Noisy stripes: lying, standing, or none."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    images = rng.uniform(0, 0.3, (120, 1, 8, 8)).astype(np.float32)
    images[labels == 0, :, ::2] += 0.7
    images[labels == 1, :, :, ::2] += 0.7
    return LabelledImages(images, labels.astype(np.int64))


@pytest.fixture(scope="session")
def splits(stripes: LabelledImages) -> Splits:
    return Splits.of(stripes, name="stripes")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Nothing here is large enough for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
