"""Q2: would each layer gain from being spread over several cores?"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.methods.bounds.advice.base import Advice, Subject

_OPTION = "threads"
_AT_ONCE = "inter_op_threads"


def advise(subject: Subject) -> Iterator[Advice]:
    """To give each layer the cores that its benchmarks were measured on, too.

    Small layers gain little and movers of data nothing, so what it saves is the sum of what each
    saves. Cores that are taken by several operators at once are not there to be given.
    """
    setup = subject.setup
    if _OPTION in setup.options or int(setup.option(_AT_ONCE) or 1) > 1:
        return
    for threads in subject.bounds.threaded:
        found = subject.set_up(
            *("Q2", "threads", setup.with_option(_OPTION, threads)),
            f"Spread each layer over {threads} cores",
            f"{_OPTION}={threads}",
        )
        if found:
            yield found
