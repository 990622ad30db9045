"""`random_search`: any designs, the best of which is kept."""

from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.exploring.judge import Judge, Judged
from dlscope.methods.codesign.space.design import Design


def random_search(judge: Judge, rng: np.random.Generator) -> Judged:
    """The best of as many designs as evaluations allow, each as likely as any other.

    Raises `SearchError` where none of them fits.
    """
    while judge.left:
        judge.judged([Design.random(judge.space, rng)])
    return judge.best
