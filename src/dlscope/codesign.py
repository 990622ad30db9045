"""Co-design from Python: a network and its implementation, searched for together.

    import dlscope.codesign as cd

    run = cd.search("tiny_grey_4", "zc706:pipelined", "mnist-5k", budget="10m", seed=0)
    run.pareto
    run.best.emit("cpp", "accelerator")

Everything is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.api import (
        FoundDesign,
        SearchRun,
        compare_searches,
        derive_designs,
        search,
        train_design,
    )

__all__ = [
    "FoundDesign",
    "SearchRun",
    "compare_searches",
    "derive_designs",
    "search",
    "train_design",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dlscope import api

    return getattr(api, name)
