from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet import released_weights
from dlscope.methods.skynet.hdf5 import read_hdf5
from dlscope.methods.skynet.released_weights import released_state
from dlscope.zoo.skynet.folding import fold_bn


def test_folds_to_as_many_numbers_as_the_released_design_has(released_file):
    folded = fold_bn(released_state(released_file))
    assert folded.flat.size == 438_718
    assert folded.head is not None
    assert folded.head.shape == (10, 96, 1, 1)
    largest = [float(np.abs(bundle.depthwise).max()) for bundle in folded.bundles[1:3]]
    assert largest == pytest.approx([13.0207, 6.69], abs=5e-3)
    beyond = sum(int((np.abs(bundle.depthwise) > 7.992).sum()) for bundle in folded.bundles)
    assert beyond == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda arrays: arrays.pop("model_p2.1.3.weight"),
            "DataError: there is no array 'model_p2.1.3.weight'\n"
            "  where  some.weights\n"
            "  fix    give the file as released, whole",
        ),
        (
            lambda arrays: arrays.update({"model_p2.1.3.wieght": np.zeros(1)}),
            "DataError: there is an unknown array 'model_p2.1.3.wieght'\n"
            "  where  some.weights\n"
            "  fix    did you mean model_p2.1.3.weight?",
        ),
        (
            lambda arrays: arrays.update({"model_p3.1.weight": np.zeros((10, 48, 1, 1))}),
            "DataError: array 'model_p3.1.weight' has the shape (10, 48, 1, 1), "
            "not (10, 96, 1, 1)\n"
            "  where  some.weights\n"
            "  fix    give weights of SkyNet C at full width",
        ),
    ],
)
def test_names_the_array_that_does_not_fit(released_file, monkeypatch, change, told):
    arrays = read_hdf5(released_file)
    change(arrays)
    monkeypatch.setattr(released_weights, "read_hdf5", lambda _: arrays)
    with pytest.raises(DataError) as refused:
        released_state("some.weights")
    assert str(refused.value) == told
