"""What tests of SkyNet share: the weights of its authors, where they are at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def released_file() -> Path:
    """The authors' file of weights; without it the test is skipped."""
    path = Path(os.environ.get("DLSCOPE_TEST_DATA", "")) / "skynet" / "dac.weights"
    if not path.is_file():
        pytest.skip("the authors' weights are not in the folder skynet of DLSCOPE_TEST_DATA")
    return path


@pytest.fixture(scope="session")
def pattern() -> np.ndarray:
    """The image of the golden forward pass, normalised: (31c + 7y + 3x) mod 256."""
    channel, row, column = np.mgrid[0:3, 0:160, 0:320]
    pixels = (31 * channel + 7 * row + 3 * column) % 256
    return ((pixels / 255 - 0.5) / 0.25).astype(np.float32)[None]


@pytest.fixture(scope="session")
def released_network(released_file):
    """SkyNet C with the authors' weights, for inference."""
    pytest.importorskip("torch")
    from dlscope.methods.skynet.released_weights import released_state
    from dlscope.zoo.skynet.network import build, load_state

    network = build("C")
    load_state(network, released_state(released_file))
    return network.eval()


@pytest.fixture(scope="session")
def released_head(released_network, pattern) -> np.ndarray:
    """The map of the head that the authors' weights give for the pattern."""
    import torch

    with torch.no_grad():
        return released_network(torch.from_numpy(pattern)).numpy()


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """One thread of torch: with more, sums may be taken in another order for another size."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
