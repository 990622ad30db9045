"""`evolution`: regularised evolution (Real et al., AAAI 2019), in which the oldest design dies."""

from __future__ import annotations

from collections import deque

import numpy as np

from dlscope.methods.codesign.exploring.judge import Judge, Judged
from dlscope.methods.codesign.space.design import Design

POPULATION, SAMPLE = 50, 10


def evolution(judge: Judge, rng: np.random.Generator) -> Judged:
    """The best design of a population whose fittest of a few has a child in place of the oldest.

    A child differs in the operation or the bits of one block. Raises `SearchError` where nothing
    that was looked at fits.
    """
    population: deque[Judged] = deque(maxlen=POPULATION)
    while judge.left and len(population) < POPULATION:
        population.extend(judge.judged([Design.random(judge.space, rng)]))
    while judge.left:
        drawn = rng.choice(len(population), size=min(SAMPLE, len(population)), replace=False)
        parent = min((population[int(each)] for each in drawn), key=lambda each: each.value)
        population.extend(judge.judged([parent.design.mutated(judge.space, rng)]))
    return judge.best
