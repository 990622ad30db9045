from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photograph() -> Image.Image:
    """A smooth picture of 97 × 71 pixels with different channels, made from a seed."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 11, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((97, 71), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def png(photograph: Image.Image) -> bytes:
    """The photograph as a PNG file."""
    buffer = BytesIO()
    photograph.save(buffer, "PNG")
    return buffer.getvalue()
