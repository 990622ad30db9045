"""`Hooks`: the functions of a file of Python that a model wants to run around its steps."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, model_validator

from dlscope.core.manifest.base import Document, Sha256, Source, refuse

HookName = Literal[
    "before_preprocess",
    "preprocess",
    "after_preprocess",
    "before_postprocess",
    "postprocess",
    "after_postprocess",
]


def _module(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    with contextlib.suppress(ValueError):
        if Source.parse(value).scheme in ("pkg", "file"):
            return value
    raise refuse(
        f"{value!r} is not a file of hooks", "use file:PATH, or pkg:DISTRIBUTION==VERSION#PATH"
    )


def _function(value: Any) -> Any:
    if isinstance(value, str) and not value.isidentifier():
        raise refuse(f"{value!r} is not the name of a function", "name one that the file defines")
    return value


Function = Annotated[str | None, BeforeValidator(_function)]


class Hooks(Document):
    """Custom code around the steps, or in their place; off unless its digest is allowed.

    `module` is one file of Python, every other field the name of a function in it.
    """

    module: Annotated[str, BeforeValidator(_module)]
    sha256: Sha256
    before_preprocess: Function = None
    preprocess: Function = None
    after_preprocess: Function = None
    before_postprocess: Function = None
    postprocess: Function = None
    after_postprocess: Function = None

    @model_validator(mode="after")
    def _names_a_function(self) -> Self:
        if not self.functions:
            raise refuse("the hooks name no function", f"name one of {', '.join(_PLACES)}")
        return self

    @property
    def functions(self) -> Mapping[str, str]:
        """The names of the functions by hook, those that are given."""
        fields = {name: getattr(self, name) for name in _PLACES}
        return {name: function for name, function in fields.items() if function is not None}

    @property
    def file_name(self) -> str:
        """The name of the file."""
        source = Source.parse(self.module)
        return PurePath(source.path or source.location).name


_PLACES: tuple[HookName, ...] = get_args(HookName)
