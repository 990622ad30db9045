"""What a profiled model is fed: an item of its data set, or numbers from the seed without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.catalog.assets import Fetched, open_dataset
from dlscope.core.errors import DataError, DlscopeError
from dlscope.core.manifest import InputSpec
from dlscope.core.plan import Plan
from dlscope.pipelines.collate import collate
from dlscope.pipelines.preparation import Preparation

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Feeds:
    """Graph inputs by tensor name; `note` says why they are not from the data set."""

    arrays: Arrays
    note: str = ""


def feeds_of(plan: Plan, fetched: Fetched) -> Feeds:
    """The first item that can be prepared, in every place of the batch.

    Where the files of the data set are not here, numbers drawn from the seed: what they are hardly
    changes what they cost. Raises `DataError` when no item can be prepared, and when an input has a
    free size that only an item could tell.
    """
    try:
        dataset = open_dataset(plan.dataset)
    except DataError as error:
        return Feeds(_drawn(plan, error), f"inputs are drawn from the seed: {error.what}")
    preparation = Preparation(plan.model, fetched.paths, seed=plan.seed)
    reason = ""
    for index in range(len(dataset)):
        try:
            item = dataset[index]
            prepared = preparation.prepare(item.input, item_id=item.id)
            return Feeds(collate(plan.model.inputs, [prepared] * plan.batch_size))
        except DlscopeError as error:
            reason = reason or f": {error.what} ({error.where})"
    raise DataError(
        f"no item of the data set can be prepared{reason}",
        where=f"model {plan.model.name}, inputs",
        fix="check that the data set holds what the preprocess steps expect",
    )


def _drawn(plan: Plan, missing: DataError) -> Arrays:
    generator = np.random.default_rng(plan.seed)
    return {
        declared.tensor: _array(declared, plan.batch_size, generator, missing)
        for declared in plan.model.inputs
    }


def _array(
    declared: InputSpec, batch_size: int, generator: np.random.Generator, missing: DataError
) -> NDArray[Any]:
    sizes = [batch_size if size == "N" else size for size in declared.shape]
    shape = [size for size in sizes if isinstance(size, int)]
    if len(shape) < len(sizes):
        raise missing
    if declared.element_type.startswith("float"):
        return generator.standard_normal(shape).astype(declared.element_type)
    # Zero is a valid index into whatever it chooses from.
    return np.zeros(shape, dtype=declared.element_type)
