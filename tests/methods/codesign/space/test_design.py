from __future__ import annotations

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def space(name: str = "tiny_grey_4") -> Space:
    manifest = find("space", name)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def test_a_design_comes_back_as_it_was() -> None:
    design = Design.random(space(), np.random.default_rng(0))
    assert Design.from_json(design.to_json()) == design
    assert len({design, Design.from_json(design.to_json())}) == 1


def test_the_same_seed_draws_the_same_designs() -> None:
    drawn = [
        [Design.random(space(), rng) for _ in range(5)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 1


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_neighbour_differs_in_so_many_blocks(blocks) -> None:
    every, rng = space(), np.random.default_rng(1)
    for _ in range(50):
        design = Design.random(every, rng)
        other = design.mutated(every, rng, blocks)
        other.require_in(every)
        pairs = zip(
            zip(design.operations, design.precisions, strict=True),
            zip(other.operations, other.precisions, strict=True),
            strict=True,
        )
        changed = [(before, after) for before, after in pairs if before != after]
        assert len(changed) == blocks
        assert all(sum(a != b for a, b in zip(*pair, strict=True)) == 1 for pair in changed)


def test_bits_of_a_network_change_everywhere() -> None:
    every, rng = space("mnist_cpu"), np.random.default_rng(1)
    seen = set()
    for _ in range(50):
        other = Design.random(every, rng).mutated(every, rng)
        other.require_in(every)
        seen.add(other.precisions)
    assert seen == {(0,) * 5, (1,) * 5}


def test_layers_run_from_stem_to_head_at_their_bits() -> None:
    every = space()
    design = Design.of(every, (4, 0, 4, 0), (0, 1, 2, 1))
    layers = design.layers(every)
    assert [bits.weight_bits for _, bits in layers] == [16, 4, 4, 8, 8, 8, 8, 8, 8, 16, 16, 16]
    assert [choice.engine for choice in design.choices(every)] == [
        layer.kind for layer, _ in layers
    ]
    assert design.told(every) == (
        "separable_k3 at 4 bit, mbconv_k3_e2 at 8 bit, skip at 16 bit, mbconv_k3_e2 at 8 bit"
    )


@pytest.mark.parametrize(
    ("operations", "precisions", "fix"),
    [
        ((0, 0, 0), (0, 0, 0), "give each block an operation and a precision that it has"),
        ((0, 0, 0, 9), (0, 0, 0, 0), "give each block an operation and a precision that it has"),
        ((0, 0, 0, 0), (0, 0, 0, 3), "give each block an operation and a precision that it has"),
    ],
)
def test_choices_that_a_space_has_not_are_refused(operations, precisions, fix) -> None:
    with pytest.raises(SearchError) as caught:
        Design.of(space(), operations, precisions)
    assert caught.value.fix == fix


def test_a_network_has_one_precision_where_the_space_says_so() -> None:
    with pytest.raises(SearchError) as caught:
        Design.of(space("mnist_cpu"), (0,) * 5, (0, 0, 0, 0, 1))
    assert "same precision" in caught.value.fix


def test_a_design_of_another_space_is_refused() -> None:
    design = Design.random(space("tiny_grey_5"), np.random.default_rng(0))
    with pytest.raises(SearchError) as caught:
        design.require_in(space())
    assert caught.value.what == f"the design is of another space, {design.space_digest[:12]}"
