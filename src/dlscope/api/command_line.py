"""`command_of`: the command that gives a report again, from what was asked for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, Any] = MappingProxyType({})


def command_of(words: str, options: Mapping[str, Any], usual: Mapping[str, Any] = _NONE) -> str:
    """`dlscope words --name value …`, quoted for a shell.

    Left out are options without a value, that are off, or as `usual` has them anyway; an option
    with several values is repeated, and `(width, height)` under `size` is written `192x96`.

        >>> command_of("adapt ablate", {"scenes": "my scenes", "store": None})
        "dlscope adapt ablate --scenes 'my scenes'"
    """
    told = [
        word
        for name, value in options.items()
        if value is not None and value is not False and value != usual.get(name)
        for word in _option(f"--{name.replace('_', '-')}", value)
    ]
    return " ".join(["dlscope", words, *told])


def _option(name: str, value: Any) -> Sequence[str]:
    if value is True:
        return (name,)
    if name == "--size":
        return (name, "x".join(map(str, value)))
    several = value if isinstance(value, list | tuple) else (value,)
    return [word for each in several for word in (name, shlex.quote(str(each)))]
