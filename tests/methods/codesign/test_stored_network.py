from __future__ import annotations

import json

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.stored_network import load_network, save_network


@pytest.fixture
def network():
    space = Space(find("space", "tiny_grey_4"))
    rng = np.random.default_rng(0)
    return random_network(space, Design.random(space, rng), rng)


def test_what_is_loaded_is_what_was_saved(network, tmp_path) -> None:
    save_network(network, tmp_path / "network.npz")
    loaded = load_network(tmp_path / "network.npz")
    assert (loaded.input, loaded.residuals) == (network.input, network.residuals)
    for one, other in zip(loaded.layers, network.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)
        assert (one.shape, one.precision) == (other.shape, other.precision)
        assert (one.name, one.activation) == (other.name, other.activation)


def test_refuses_a_newer_schema_with_both_numbers(network, tmp_path) -> None:
    path = tmp_path / "network.npz"
    save_network(network, path)
    with np.load(path) as arrays:
        content = dict(arrays)
    described = json.loads(str(content["network"])) | {"schema": 2}
    content["network"] = np.array(json.dumps(described))
    np.savez(path, **content)
    with pytest.raises(SearchError) as refused:
        load_network(path)
    assert refused.value.what == "the network has schema 2, this version reads 1"


def test_refuses_a_file_that_is_none(tmp_path) -> None:
    path = tmp_path / "network.npz"
    path.write_bytes(b"weights")
    with pytest.raises(SearchError) as refused:
        load_network(path)
    assert refused.value.what.startswith("no network can be read: ")
    assert refused.value.fix == "give the file that `dlscope codesign train` has written"
