"""The functions of the library face."""

from __future__ import annotations

import inspect
import re
from typing import Any

from dlscope import api
from generate.fields import prose

_OBJECT = re.compile(r"<dlscope\.api\.watcher\.Watcher object at \w+>")
_FUNCTION = re.compile(r"<function (\w+) at \w+>")
_QUOTED = re.compile(r"(: |-> )'([^']*)'")


def library() -> str:
    """The functions of the library face, with their signatures."""
    parts = []
    for name in sorted(api.__all__):
        function = getattr(api, name)
        if inspect.isfunction(function):
            parts.append(
                f"## {name}\n\n```text\n{_signature(name, function)}\n```\n\n{prose(function)}\n"
            )
    return "\n".join(parts)


def _signature(name: str, function: Any) -> str:
    """The signature as the source writes it, one parameter to a line where it is long."""
    signature = _QUOTED.sub(r"\1\2", f"{name}{inspect.signature(function)}")
    signature = _FUNCTION.sub(r"\1", _OBJECT.sub("QUIET", signature))
    if len(signature) <= 80:
        return signature
    inside, _, result = signature.removeprefix(f"{name}(").rpartition(")")
    return f"{name}(\n    " + ",\n    ".join(_split(inside)) + f",\n){result}"


def _split(parameters: str) -> list[str]:
    parts, depth = [""], 0
    for character in parameters:
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
