from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from dlscope.catalog.finder import find
from dlscope.methods.codesign.space.space import Space


@pytest.fixture(scope="session")
def grey() -> Space:
    """Four blocks, one of which can be skipped; bits of 4, 8 and 16 for each operation."""
    return Space(find("space", "tiny_grey_4"))


@pytest.fixture(scope="session")
def digits() -> Space:
    """Five blocks; 8 or 32 bits for the whole network."""
    return Space(find("space", "mnist_cpu"))


@pytest.fixture
def images_nchw() -> torch.Tensor:
    return torch.rand(4, 1, 14, 14, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Nothing here is large enough for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
