"""`spread`: options that belong together, declared once as the fields of a dataclass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as Typer has to see it: in place of each dataclass that it takes, its fields.

    They are options in the order of the fields, and `command` is called with the dataclass that
    they fill. Its other parameters stay as they are.
    """
    hints = get_type_hints(command)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    options: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        if parameter.name in groups:
            options.extend(_options_of(groups[parameter.name]))
        else:
            options.append(_option(parameter.name, hints[parameter.name], parameter.default))

    @wraps(command)
    def called(**given: Any) -> None:
        filled = {
            name: group(**{each.name: given.pop(each.name) for each in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **filled)

    seen: Any = called
    seen.__signature__ = Signature(options)
    seen.__annotations__ = {each.name: each.annotation for each in options}
    return called


def _options_of(group: Any) -> list[Parameter]:
    hints = get_type_hints(group)
    return [_option(each.name, hints[each.name], each.default) for each in fields(group)]


def _option(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
