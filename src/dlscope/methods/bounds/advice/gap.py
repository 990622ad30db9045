"""Q1: how far is the framework from ideal, one layer after another, and would another be nearer?"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.setups import Setup


def advise(subject: Subject) -> Iterator[Advice]:
    """To run the whole model on another backend, as that comes."""
    for backend in subject.backends:
        if backend == subject.setup.backend:
            continue
        found = subject.set_up(
            *("Q1", "backend", Setup(backend)),
            f"Run the model on {backend}",
            f"backend={backend}",
        )
        if found:
            yield found
