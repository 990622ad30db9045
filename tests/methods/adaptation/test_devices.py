"""Training on a device other than the processor, told by one that is as strict as a GPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small_domains

torch = pytest.importorskip("torch")

from pretended_device import (  # noqa: E402 - after the check for torch
    DeviceMismatchError,
    Moved,
    pretended_device,
)

from dlscope.methods.adaptation.evaluating import evaluated  # noqa: E402 - after the check
from dlscope.methods.adaptation.labelling import self_labels  # noqa: E402 - after the check
from dlscope.methods.adaptation.options import SIM, LossWeights  # noqa: E402 - after the check
from dlscope.methods.adaptation.stage import Stage, StageData  # noqa: E402 - after the check
from dlscope.methods.adaptation.stage_run import run_stage  # noqa: E402 - after the check
from dlscope.training.determinism import reproducible  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch

ALL = replace(SIM, pseudo=1.0)
INSTANCES = LossWeights(instance=0.01, pseudo=1.0)


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    return small_domains.written(tmp_path_factory.mktemp("scenes"))


def trained(domains, weights, *, device="cpu", folder=None, is_online=False, stop_after=None):
    """A network after a stage of two steps, and the figures of the last."""
    labels = None if is_online else [np.full((64, 64), 10, dtype=np.uint8)] * 5
    done = []
    with reproducible(3):
        network = segmenter("sceneseg_lite").to(device)
        result = run_stage(
            Stage("stage", 2, 1e-3, (2, 2), weights, seed=5, is_online=is_online),
            network,
            StageData(domains.source_pictures, domains.target_pictures, labels),
            replace(small_domains.OPTIONS, checkpoint_every=1),
            folder,
            told=lambda _step, share: done.append(share),
            should_stop=lambda: len(done) == stop_after,
        )
    return network, result.history[-1]


@pytest.mark.parametrize(("weights", "is_online"), [(ALL, False), (INSTANCES, True)])
def test_all_terms_are_computed_where_the_network_is(domains, weights, is_online):
    with pretended_device() as device:
        network, figures = trained(domains, weights, device=device, is_online=is_online)
    assert all(isinstance(each, Moved) for each in network.state_dict().values())
    _, told = trained(domains, weights, is_online=is_online)
    assert figures == pytest.approx(told, rel=1e-4, abs=1e-5)
    assert {"instance", "mixed" if is_online else "adversarial"} <= set(figures)


def test_what_mixes_devices_fails_here_as_on_a_gpu():
    with pretended_device() as device:
        moved = torch.ones(2).to(device)
        with pytest.raises(DeviceMismatchError):
            moved + torch.ones(2)
        with pytest.raises(RuntimeError):
            moved.numpy()


def test_a_checkpoint_of_another_device_goes_on_on_the_processor(domains, tmp_path):
    with pretended_device() as device:
        trained(domains, ALL, device=device, folder=tmp_path, stop_after=1)
    network, figures = trained(domains, ALL, folder=tmp_path)
    whole, told = trained(domains, ALL)
    assert figures == pytest.approx(told, rel=1e-4, abs=1e-5)
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, network.state_dict()[name], atol=1e-5)


def test_judges_and_labels_with_a_network_that_is_elsewhere(domains):
    with reproducible(0):
        network = segmenter("sceneseg_lite")
    split = small_domains.OPTIONS.rules.split
    told = evaluated(network, domains.target_judges, split)
    own = self_labels(network, domains.target_pictures)
    with pretended_device() as device:
        network.to(device)
        there = evaluated(network, domains.target_judges, split)
        labels = self_labels(network, domains.target_pictures)
    assert there.miou == pytest.approx(told.miou, abs=0.05)
    assert labels.kept == pytest.approx(own.kept, abs=0.01)


@pytest.mark.gpu
@pytest.mark.parametrize(("weights", "is_online"), [(ALL, False), (INSTANCES, True)])
def test_a_gpu_computes_what_the_processor_does_and_twice_the_same(domains, weights, is_online):
    first, figures = trained(domains, weights, device="cuda", is_online=is_online)
    again, _ = trained(domains, weights, device="cuda", is_online=is_online)
    _, told = trained(domains, weights, is_online=is_online)
    assert figures == pytest.approx(told, rel=1e-2, abs=1e-3)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
