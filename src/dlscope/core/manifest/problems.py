"""What is wrong with a document, in words a person can act on, at places a person can find.

Pydantic reports one error for each member of a union, names those members in its paths, and
counts a list whose entries are wrong as empty as well; here each fault is told once.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from dlscope.core.errors import ManifestError, did_you_mean

Path = tuple[int | str, ...]
Locate = Callable[[Path], str]
"""From a path inside a document to the place a person looks for: `resnet50.yaml:12, inputs[0]`."""

_LONGEST_LIST_OF_CHOICES = 8
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "an integer",
    "int_parsing": "an integer",
    "int_type": "an integer",
    "model_attributes_type": "a mapping of fields",
    "model_type": "a mapping of fields",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
}


def problems_in(
    kind: type[BaseModel], data: Any, errors: Sequence[ErrorDetails], locate: Locate
) -> list[ManifestError]:
    """One `ManifestError` for each fault that validating `data` as `kind` has found."""
    faults: dict[Path, list[ErrorDetails]] = {}
    for details in errors:
        faults.setdefault(_path(data, details), []).append(details)
    return [
        ManifestError(
            fault(several[0], _subject(kind, path)),
            where=locate(path),
            fix=_fix(kind, path, several),
        )
        for path, several in faults.items()
        if not _is_consequence(path, several, faults)
    ]


def _path(data: Any, details: ErrorDetails) -> Path:
    """The parts of pydantic's path that are in the document, and a field that should be."""
    path: list[int | str] = []
    here = data
    for part in details["loc"]:
        if _has(here, part):
            here = here[part]
            path.append(part)
    if details["type"] == "missing":
        path.append(details["loc"][-1])
    return tuple(path)


def _has(holder: Any, part: int | str) -> bool:
    if isinstance(holder, Mapping):
        return part in holder
    return isinstance(holder, list | tuple) and isinstance(part, int) and part < len(holder)


def _is_consequence(
    path: Path, several: Sequence[ErrorDetails], faults: Mapping[Path, object]
) -> bool:
    is_below = any(other[: len(path)] == path and other != path for other in faults)
    return is_below and all(details["type"] == "too_short" for details in several)


def fault(details: ErrorDetails, subject: str) -> str:
    """What is wrong with the value of `subject`: `field 'name' is missing`."""
    value = reprlib.repr(details["input"])
    match details["type"]:
        case "refused":
            return str(details["ctx"]["what"])
        case "extra_forbidden":
            return f"unknown field {subject!r}"
        case "missing":
            return f"field {subject!r} is missing"
        case "string_pattern_mismatch":
            return f"{value} does not fit {subject!r}"
        case "too_short":
            return f"{subject!r} is empty"
    if details["loc"][-1:] == ("[key]",):
        return f"{value} is not a name"
    return f"{value} is not a value of {subject!r}"


def _fix(kind: type[BaseModel], path: Path, several: Sequence[ErrorDetails]) -> str:
    if len(several) > 1:
        return f"use {' or '.join(dict.fromkeys(map(expectation, several)))}"
    details = several[0]
    context = details.get("ctx", {})
    match details["type"]:
        case "refused":
            return str(context["fix"])
        case "extra_forbidden":
            return did_you_mean(str(path[-1]), _fields_at(kind, path[:-1]))
        case "missing":
            return f"add {path[-1]}: …"
        case "literal_error":
            return _choice(str(details["input"]), expectation(details))
        case "string_pattern_mismatch":
            return f"it must match {context['pattern']}"
        case "too_short":
            return f"list at least {context['min_length']}"
    return f"use {expectation(details)}"


def expectation(details: ErrorDetails) -> str:
    """What should have been given, in words that follow “use”: `a number greater than 0`."""
    if details["type"] == "literal_error":
        return " or ".join(_words(details["ctx"]["expected"]))
    rest = details["msg"].removeprefix("Input should be ")
    if rest.startswith(("greater", "less")):
        return f"a number {rest}"
    return _EXPECTED.get(details["type"], rest)


def _choice(value: str, expected: str) -> str:
    choices = expected.split(" or ")
    advice = did_you_mean(value, choices)
    is_near = advice.startswith("did")
    if len(choices) > _LONGEST_LIST_OF_CHOICES:
        return advice
    return f"use {expected} ({advice})" if is_near else f"use {expected}"


def _words(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", expected) or [expected]


def _subject(kind: type[BaseModel], path: Path) -> str:
    """The last named part and the positions below it: `shape[1]`."""
    name, positions = kind.__name__, ""
    for part in path:
        if isinstance(part, str):
            name, positions = part, ""
        else:
            positions += f"[{part}]"
    return name + positions


def _fields_at(kind: type[BaseModel], path: Path) -> list[str]:
    annotations: list[Any] = [kind]
    for part in path:
        if isinstance(part, str):
            annotations = [inner for outer in annotations for inner in _inside(outer, part)]
    models = [member for each in annotations for member in _members(each) if _is_model(member)]
    return [name for model in models for name in model.model_fields]


def _inside(annotation: Any, part: str) -> Iterator[Any]:
    for member in _members(annotation):
        if _is_model(member) and part in member.model_fields:
            yield member.model_fields[part].annotation
        elif get_origin(member) is dict:
            yield get_args(member)[1]


def _members(annotation: Any) -> Iterator[Any]:
    """The models and mappings among the members of unions and the entries of lists."""
    if _is_model(annotation) or get_origin(annotation) is dict:
        yield annotation
    else:
        for argument in get_args(annotation):
            yield from _members(argument)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
