from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.oracle.generator import (
    instance_named,
    oracle_instance,
    varied_instance,
)


def test_losses_are_drawn_block_by_block() -> None:
    instance = oracle_instance(7)
    noise = np.random.default_rng(7).standard_normal(36).reshape(4, 9)
    assert instance.operation_losses[0, 0] == pytest.approx(0.25 + 0.01 * noise[0, 0])
    assert instance.operation_losses[2, 8] == pytest.approx(
        0.25 - 0.01 * 4 * 1.6 - 0.03 * 2 + 0.01 * noise[2, 8]
    )
    assert instance.precision_losses.tolist() == [
        [0.12 * 1.5, 0.02, 0.0], [0.12, 0.02, 0.0], [0.12, 0.02, 0.0], [0.12, 0.02, 0.0],
    ]  # fmt: skip


def test_the_work_of_a_block_is_that_of_its_formula() -> None:
    block = oracle_instance().space.blocks[1]
    assert block.work(5) == 16**2 * (24**2 * 6 + 25 * 24 * 6 + 24 * 6 * 32)


def test_a_name_is_a_family_and_a_seed() -> None:
    assert instance_named("oracle").space.name == "oracle:0"
    named, made = instance_named("pairs:3"), varied_instance(3, has_pairs=True)
    assert (named.space, named.budget) == (made.space, made.budget)
    assert len(instance_named("varied:3").pair_losses) == 0 < len(named.pair_losses)


@pytest.mark.parametrize(
    ("name", "what", "fix"),
    [
        (
            "oracel:1",
            "there is no oracle space 'oracel:1'",
            "did you mean oracle? A seed may follow, as in varied:3",
        ),
        ("varied:x", "'x' is not a seed", "use varied:3"),
    ],
)
def test_other_names_are_refused(name, what, fix) -> None:
    with pytest.raises(SearchError) as caught:
        instance_named(name)
    assert (caught.value.what, caught.value.fix) == (what, fix)
