"""Q7: which layout would the whole model gain from, changes of layout paid for?"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.methods.bounds.advice.base import Advice, Subject

_LEVEL = "graph_optimization"
_LAST = "channels_last"


def advise(subject: Subject) -> Iterator[Advice]:
    """To let the framework lay images out as its kernels want them."""
    setup = subject.setup
    if setup.backend == "onnxruntime" and setup.option(_LEVEL) != "all":
        is_plain = setup.option(_LEVEL) == "disabled"
        change = "Fuse, and put channels into blocks" if is_plain else "Put channels into blocks"
        found = subject.set_up(
            "Q7", "layout", setup.with_option(_LEVEL, "all"), change, f"{_LEVEL}=all"
        )
    elif setup.backend == "torch" and not setup.option(_LAST):
        found = subject.set_up(
            *("Q7", "layout", setup.with_option(_LAST, True)),
            "Channels last through the network",
            f"{_LAST}=true",
        )
    else:
        return
    if found:
        yield found
