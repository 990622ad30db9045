"""What a framework needs beside itself to be imported, by version: facts that no index tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from packaging.specifiers import SpecifierSet

from dlscope.core.errors import StackError, did_you_mean


@final
@dataclass(frozen=True)
class Recipe:
    """How the versions within `versions` of a framework are installed.

    `python` says which interpreters it may run on, `beside` what is installed with it; both are
    PEP 440. `module` is what is imported. `sources` are distributions that exist only as source:
    they alone may be built, which runs code of theirs.
    """

    distribution: str
    module: str
    versions: str = ""
    python: str = ">=3.9"
    beside: tuple[str, ...] = ("numpy",)
    sources: tuple[str, ...] = ()


_TF_2 = ("termcolor", "wrapt")
RECIPES: Mapping[str, tuple[Recipe, ...]] = {
    "onnxruntime": (
        Recipe("onnxruntime", "onnxruntime", ">=1.19"),
        # Built against NumPy 1; its metadata does not say so.
        Recipe("onnxruntime", "onnxruntime", "<1.19", ">=3.7", ("numpy<2",)),
    ),
    "openvino": (Recipe("openvino", "openvino"),),
    "torch": (Recipe("torch", "torch"),),
    "tensorflow": (
        Recipe("tensorflow-cpu", "tensorflow", ">=2.12"),
        # Older generated code refuses newer protobuf at import.
        Recipe(
            "tensorflow-cpu", "tensorflow", ">=2,<2.12", ">=3.7,<3.11", ("protobuf<3.21",), _TF_2
        ),
        Recipe("tensorflow", "tensorflow", "<2", ">=3.7,<3.8", ("protobuf<3.21",), ("gast",)),
    ),
    # Its pure-Python wheel installs anywhere, and fails at import with a NumPy without np.bool.
    "mxnet": (Recipe("mxnet", "mxnet", "", ">=3.7,<3.9", ("numpy<1.24",)),),
    "jax": (Recipe("jax", "jax", "", ">=3.11"),),
}
"""By framework, the first whose `versions` has the one asked for; the first of all for a range."""


def recipe_for(framework: str, version: str | None, where: str) -> Recipe:
    """The recipe of exactly `version`, or of the newest for None.

    Raises `StackError` for a framework without one.
    """
    known = RECIPES.get(framework)
    if known is None:
        raise StackError(
            f"there is no recipe for a stack of {framework!r}",
            where=where,
            fix=did_you_mean(framework, RECIPES),
        )
    fitting = (r for r in known if version and SpecifierSet(r.versions).contains(version, True))
    return next(fitting, known[0])
