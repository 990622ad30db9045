from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.baselines.random_search import random_search
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.oracle.generator import oracle_instance


def test_it_looks_at_as_many_designs_as_it_may() -> None:
    instance = oracle_instance(100)
    judge = Judge(instance.space, instance, instance.times_of, most=50)
    found = random_search(judge, np.random.default_rng(0))
    assert len(judge.looked_at) == judge.evaluations == 50
    assert found == judge.best
