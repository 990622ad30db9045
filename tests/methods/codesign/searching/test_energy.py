from __future__ import annotations

import numpy as np
import pytest
import torch

from dlscope.catalog.finder import find
from dlscope.devices.bit_flexible import BitFusion
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample
from dlscope.methods.codesign.searching.energy import SpaceEnergy
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.supernet import one_hot

DEVICE = BitFusion(64, clock_mhz=100)


def test_it_is_the_energy_of_the_design_as_implemented(grey) -> None:
    known, implementer = SpaceEnergy.of(grey, DEVICE), Implementer(grey, DEVICE)
    assert known is not None
    rng = np.random.default_rng(0)
    designs = [Design.random(grey, rng) for _ in range(8)]
    expected = [implementer.implement(each).energy_j for each in designs]
    assert known.of_choices(Choices.of(designs)) == pytest.approx(expected)
    for design, energy_j in zip(designs, expected, strict=True):
        sample = Sample(*(each.double() for each in one_hot(grey, design)))
        assert float(known.expected(sample)) == pytest.approx(energy_j)


def test_it_falls_with_the_share_of_wide_numbers(grey) -> None:
    known, architecture = SpaceEnergy.of(grey, DEVICE), Architecture(grey)
    assert known is not None
    sample = architecture.sample(1.0, "soft")
    known.expected(sample).backward()
    slopes = architecture.phi.grad
    assert slopes is not None
    assert bool((slopes[..., 0] <= slopes[..., 2]).all())
    assert torch.isfinite(slopes).all()


def test_a_device_that_does_not_know_its_energy_has_none(grey) -> None:
    assert SpaceEnergy.of(grey, PipelinedFpga(find("board", "pynq_z1"))) is None
