from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.catalog.finder import find  # noqa: E402 - after torch is known to be there
from dlscope.core.manifest import SpaceManifest  # noqa: E402
from dlscope.methods.codesign.relaxed.architecture import Architecture  # noqa: E402
from dlscope.methods.codesign.space.space import Space  # noqa: E402


def space(called: str, **changes) -> Space:
    manifest = find("space", called)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest.model_copy(update=changes))


def test_operations_that_a_block_has_not_are_never_likely() -> None:
    architecture = Architecture(space("tiny_grey_5"))
    operations, precisions = architecture.probabilities()
    assert operations.shape == (5, 5)
    assert precisions.shape == (5, 5, 3)
    assert operations[4].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert architecture.entropies() == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(("scope", "logits"), [("op", 4 * 5), ("block", 4), ("network", 1)])
def test_precisions_are_tied_as_the_space_says(scope, logits) -> None:
    architecture = Architecture(space("tiny_grey_4", quant_scope=scope), seed=1)
    assert architecture.phi.numel() == logits * 3
    precisions = architecture.sample(1.0, "hard").precisions
    rows = precisions.detach().argmax(-1)
    assert len(torch.unique(rows)) > 1 or scope == "network"
    if scope != "op":
        assert bool((rows == rows[:, :1]).all())
    if scope == "network":
        assert bool((rows == rows[0, 0]).all())


@pytest.mark.parametrize(("scope", "lanes"), [("op", 60), ("block", 4), ("op_type", 6 * 3)])
def test_lanes_are_tied_as_is_asked(scope, lanes) -> None:
    architecture = Architecture(space("tiny_grey_4"), lanes_log2=3.0, lane_scope=scope)
    assert architecture.pf.numel() == lanes
    with torch.no_grad():
        architecture.pf[0] = 5.0
    spread = architecture.lanes_log2
    assert spread.shape == (4, 5, 3)
    alike = {"op": 1, "block": 15, "op_type": 4}[scope]
    assert int((spread == 5.0).sum()) == alike


def test_the_design_is_the_most_likely_one() -> None:
    architecture = Architecture(space("tiny_grey_4"))
    with torch.no_grad():
        architecture.theta[torch.arange(4), torch.tensor([1, 4, 0, 3])] = 1.0
        architecture.phi[1, 4, 2] = 1.0
        architecture.phi[1, 3, 1] = 9.0
    assert architecture.design().operations == (1, 4, 0, 3)
    assert architecture.design().precisions == (0, 2, 0, 0)


def test_designs_are_drawn_around_it_and_belong_to_the_space() -> None:
    every = space("mnist_cpu")
    architecture = Architecture(every)
    with torch.no_grad():
        architecture.theta[:, 2] = 12.0
    drawn = architecture.drawn(50, np.random.default_rng(0))
    for each in drawn:
        each.require_in(every)
    share = np.mean([m == 2 for each in drawn for m in each.operations])
    assert 0.8 < share < 1.0
    assert drawn == architecture.drawn(50, np.random.default_rng(0))


def test_the_same_seed_samples_the_same() -> None:
    first, second = (Architecture(space("tiny_grey_4"), seed=3).sample(1.0, "soft") for _ in "ab")
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))


def test_any_path_is_as_likely_as_any_other_whatever_was_learnt() -> None:
    architecture = Architecture(space("tiny_grey_5"), seed=0)
    with torch.no_grad():
        architecture.theta[:, 0] = 50.0
        architecture.phi[..., 0] = 50.0
    drawn = [architecture.any_path() for _ in range(300)]
    operations = torch.stack([each.operations for each in drawn]).mean(0)
    precisions = torch.stack([each.precisions for each in drawn]).mean(0)
    assert operations[0].tolist() == pytest.approx([1 / 5] * 5, abs=0.08)
    assert operations[4].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0], abs=0.08)
    assert precisions[0, 0].tolist() == pytest.approx([1 / 3] * 3, abs=0.08)
    assert all(not each.operations.requires_grad for each in drawn)


def test_any_path_has_the_ties_of_the_space() -> None:
    path = Architecture(space("mnist_cpu"), seed=0).any_path()
    assert len(torch.unique(path.precisions.argmax(-1))) == 1
