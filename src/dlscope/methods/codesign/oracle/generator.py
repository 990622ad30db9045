"""Instances of oracle spaces from a seed: one family as specified, and two that are harder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from dlscope.core.errors import SearchError, did_you_mean
from dlscope.devices.base import Floats
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.oracle.instance import OracleInstance, OracleSpace
from dlscope.methods.codesign.space.operation import Operation
from dlscope.methods.codesign.space.space import Block

_KERNELS, _EXPANSIONS = (3, 5, 7), (4, 5, 6)
_BITS, _LANE_COSTS = (4, 8, 16), (0.25, 0.5, 1.0)
_BITS_LOSSES = (0.12, 0.02, 0.0)
_FIRST_BLOCK_SUFFERS = 1.5
_BLOCKS = ((32, 16, 24), (16, 24, 32), (8, 32, 48), (8, 48, 64))
_CLOCK_HZ, _BUDGET = 200e6, 256.0
_SIZES = (4, 8, 16, 32)
_PAIR_LOSS = 0.03


def oracle_instance(seed: int = 0) -> OracleInstance:
    """Four blocks whose losses have noise from `seed`; what is best with seed 0 is known.

    a_{i,m} = 0.25 − 0.01 (k − 3)(1 + 0.3 i) − 0.03 (e − 4) + 0.01 z, z normal, drawn block by
    block; b_i = (0.12, 0.02, 0) for 4, 8, 16 bits, the first entry 1.5 times as large in block 0.
    """
    rng = np.random.default_rng(seed)
    losses = np.array(
        [
            [_operation_loss(i, each) + 0.01 * rng.standard_normal() for each in _operations()]
            for i in range(len(_BLOCKS))
        ]
    )
    return OracleInstance(
        space=_space(f"oracle:{seed}", _BLOCKS),
        operation_losses=losses,
        precision_losses=_precision_losses(len(_BLOCKS)),
        pair_losses=np.zeros((0, 0, 0)),
        lane_costs=_LANE_COSTS,
        budget=_BUDGET,
        clock_hz=_CLOCK_HZ,
    )


def varied_instance(seed: int, *, has_pairs: bool = False) -> OracleInstance:
    """Four blocks whose sizes, losses and budget are all drawn from `seed`.

    With `has_pairs`, operations of neighbouring blocks add to the loss together: no sum over
    blocks tells it exactly. A pair adds 0.03 times a normal number, which is about what an
    expansion by one more takes away.
    """
    rng = np.random.default_rng([seed, int(has_pairs), 1])
    blocks = _drawn_blocks(rng)
    kernel, expansion, noise = rng.uniform(0.4, 2.0, size=3)
    losses = np.array(
        [
            [
                _operation_loss(i, each, kernel, expansion) + 0.01 * noise * rng.standard_normal()
                for each in _operations()
            ]
            for i in range(len(blocks))
        ]
    )
    count = len(_operations())
    pairs = _PAIR_LOSS * rng.standard_normal((len(blocks) - 1, count, count))
    family = "pairs" if has_pairs else "varied"
    return OracleInstance(
        space=_space(f"{family}:{seed}", blocks),
        operation_losses=losses,
        precision_losses=_precision_losses(len(blocks))
        * rng.uniform(0.5, 1.5, size=(len(blocks), 1)),
        pair_losses=pairs if has_pairs else np.zeros((0, 0, 0)),
        lane_costs=_LANE_COSTS,
        budget=float(rng.choice([96, 128, 192, 256, 384, 512])),
        clock_hz=_CLOCK_HZ,
    )


FAMILIES: Mapping[str, Callable[[int], OracleInstance]] = {
    "oracle": oracle_instance,
    "varied": varied_instance,
    "pairs": lambda seed: varied_instance(seed, has_pairs=True),
}


def instance_named(name: str) -> OracleInstance:
    """The instance of a family and a seed: `oracle` is `oracle:0`; `varied:3`, `pairs:12`.

    Raises `SearchError` for any other name.
    """
    family, _, seed = name.partition(":")
    if family not in FAMILIES:
        raise SearchError(
            f"there is no oracle space {name!r}",
            where="the space of a baseline",
            fix=f"{did_you_mean(family, FAMILIES)} A seed may follow, as in varied:3",
        )
    if not (seed or "0").isdecimal():
        raise SearchError(
            f"{seed!r} is not a seed", where=f"oracle space {name}", fix=f"use {family}:3"
        )
    return FAMILIES[family](int(seed or 0))


def _operations() -> tuple[Operation, ...]:
    return tuple(Operation("mbconv", k, e) for k in _KERNELS for e in _EXPANSIONS)


def _operation_loss(
    block: int, operation: Operation, kernel: float = 1.0, expansion: float = 1.0
) -> float:
    """What an operation adds without noise; larger ones add less."""
    wider = 0.01 * kernel * (operation.kernel - 3) * (1 + 0.3 * block)
    return 0.25 - wider - 0.03 * expansion * (operation.expansion - 4)


def _precision_losses(blocks: int) -> Floats:
    losses = np.tile(np.array(_BITS_LOSSES), (blocks, 1))
    losses[0, 0] *= _FIRST_BLOCK_SUFFERS
    return losses


def _drawn_blocks(rng: np.random.Generator) -> tuple[tuple[int, int, int], ...]:
    """Size and channels of four blocks: maps shrink, channels grow."""
    sizes = sorted((int(each) for each in rng.choice(_SIZES, size=4)), reverse=True)
    channels = sorted(int(each) for each in rng.integers(2, 12, size=5) * 8)
    return tuple(zip(sizes, channels[:-1], channels[1:], strict=True))


def _space(name: str, blocks: tuple[tuple[int, int, int], ...]) -> OracleSpace:
    placed = tuple(
        Block(i, f"block{i}", c_in, c_out, (size, size), (size, size), 1, _operations())
        for i, (size, c_in, c_out) in enumerate(blocks)
    )
    return OracleSpace(name, placed, tuple(map(Precision.of, _BITS)))
