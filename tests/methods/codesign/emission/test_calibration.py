from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.calibration import calibrated, inputs_of
from dlscope.methods.codesign.emission.grid import Grid


def test_each_layer_gets_the_finest_grid_that_holds_what_it_reads(folded) -> None:
    grids = calibrated(folded, images())
    *read, _ = inputs_of(folded, images())
    for grid, layer, values in zip(grids, folded.layers, read, strict=True):
        assert grid.bits == layer.precision.activation_bits
        assert np.abs(values).max() <= grid.reach * grid.step
        assert np.abs(values).max() > grid.reach * grid.step / 2


def test_only_what_no_activation_cut_has_a_sign(folded) -> None:
    grids = calibrated(folded, images())
    assert [grid.is_signed for grid in grids] == [False, False, False, False, True, False]
    assert calibrated(folded, -images())[0].is_signed


@pytest.mark.parametrize(("step", "exponent"), [(0.25, -2), (0.3, -1)])
def test_a_step_of_its_own_is_kept_and_rounded_up(folded, step, exponent) -> None:
    first = replace(folded.layers[0], activation_scale=step)
    network = replace(folded, layers=(first, *folded.layers[1:]))
    assert calibrated(network, images())[0] == Grid(exponent, 8, is_signed=False)


@pytest.mark.parametrize("shape", [(0, 2, 6, 6), (4, 1, 6, 6), (2, 6, 6)])
def test_refuses_images_of_another_shape_and_none(folded, shape) -> None:
    with pytest.raises(SearchError) as refused:
        calibrated(folded, np.zeros(shape))
    assert refused.value.what == f"images are {list(shape)}"
    assert refused.value.fix == "give [N, 2, 6, 6] with N from 1 on"
