from __future__ import annotations

import numpy as np
import pytest
from pictures import encoded
from PIL import Image


@pytest.fixture(scope="session")
def photograph() -> Image.Image:
    """A smooth picture of 97 × 71 pixels with different channels, made from a seed."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 11, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((97, 71), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def jpeg(photograph: Image.Image) -> bytes:
    return encoded(photograph, "JPEG", quality=90)


@pytest.fixture(scope="session")
def png(photograph: Image.Image) -> bytes:
    return encoded(photograph, "PNG")
