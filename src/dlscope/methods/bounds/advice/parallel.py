"""Q2: would layers that need nothing of each other gain from running at once?"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.branches import branch_sets

_OPTION = "inter_op_threads"
_OF_A_LAYER = "threads"


def advise(subject: Subject) -> Iterator[Advice]:
    """To let ONNX Runtime compute several operators at once, on as many cores as there are."""
    options = subject.setup.options
    if subject.setup.backend != "onnxruntime" or subject.cores < 2:
        return
    if int(subject.setup.option(_OPTION) or 1) >= subject.cores or _OF_A_LAYER in options:
        return
    sets = branch_sets(subject.bounds.fused_parallel)
    if not sets:
        return
    setup = subject.setup.with_option(_OPTION, subject.cores)
    found = subject.set_up(
        *("Q2", "parallel branches", setup),
        f"Run {subject.cores} branches at once",
        f"{_OPTION}={subject.cores}",
        f"{len(sets)} branch sets",
    )
    if found:
        yield found
