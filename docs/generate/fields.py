"""A document's fields as a Markdown table, its JSON Schema put into words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dlscope.core.manifest.base import Document

_ALIGNED = re.compile(r"\S {3,}\S")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def prose(thing: Any) -> str:
    """The docstring of `thing`; a paragraph laid out in columns stays as it is."""
    paragraphs = (inspect.getdoc(thing) or "").split("\n\n")
    return "\n\n".join(
        f"```text\n{each}\n```" if _ALIGNED.search(each) else each for each in paragraphs
    )


def fields_of(document: type[Document]) -> str:
    """What `document` is, then one row for each of its fields."""
    schema = document.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", _type(field), "required" if name in required else _default(field))
        for name, field in schema.get("properties", {}).items()
    ]
    if not rows:
        return f"{prose(document)}\n\nNo parameters.\n"
    return f"{prose(document)}\n\n{table(('field', 'type', 'default'), rows)}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _type(field: Mapping[str, Any]) -> str:
    """A JSON Schema as a few words: `text`, `list of number`, `one of a, b`."""
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in field:
            return " or ".join(dict.fromkeys(_type(each) for each in field[key]))
    if field.get("type") == "array":
        return _list_type(field)
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"mapping to {_type(values)}" if isinstance(values, dict) else "mapping"
    words = {"string": "text", "null": "nothing", "boolean": "true or false", None: "anything"}
    return words.get(field.get("type"), str(field.get("type"))) + _limits(field)


def _list_type(field: Mapping[str, Any]) -> str:
    if "prefixItems" in field:
        return "[" + ", ".join(_type(each) for each in field["prefixItems"]) + "]"
    return f"list of {_type(field.get('items', {}))}"


def _limits(field: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[key]}" for key, sign in signs.items() if key in field]
    return f", {' and '.join(limits)}" if limits else ""


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    if "$ref" in field:
        return "its own defaults"
    if default is None:
        return "none"
    if default == "":
        return "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
