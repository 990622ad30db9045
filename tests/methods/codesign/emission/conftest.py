from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from emission_networks import images, small_network

from dlscope.methods.codesign.emission.integer_network import IntegerNetwork
from dlscope.methods.codesign.emission.quantise import quantise
from dlscope.methods.codesign.folded_network import FoldedNetwork


@pytest.fixture(scope="session")
def folded() -> FoldedNetwork:
    return small_network()


@pytest.fixture(scope="session")
def integers(folded) -> IntegerNetwork:
    return quantise(folded, images())
