"""An instance small enough to look at every design of it in no time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.methods.codesign.oracle.enumeration import Enumeration
from dlscope.methods.codesign.oracle.generator import varied_instance
from dlscope.methods.codesign.oracle.instance import OracleInstance, OracleSpace


@pytest.fixture(scope="session")
def small_instance() -> OracleInstance:
    """The first two blocks of a drawn instance: 27² designs."""
    whole = varied_instance(100)
    return replace(
        whole,
        space=OracleSpace("varied:100", whole.space.blocks[:2], whole.space.precisions),
        operation_losses=whole.operation_losses[:2],
        precision_losses=whole.precision_losses[:2],
        pair_losses=np.zeros((0, 0, 0)),
    )


@pytest.fixture(scope="session")
def small(small_instance: OracleInstance) -> Enumeration:
    """Every design of it."""
    return Enumeration.of(small_instance)
