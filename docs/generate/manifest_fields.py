"""The kinds of manifest with their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dlscope.core.manifest import KINDS
from dlscope.core.manifest.base import Document
from generate.fields import fields_of


def manifests() -> str:
    """Every kind of manifest with its fields, then the documents inside them."""
    inner = {document.__name__: document for document in _nested(KINDS.values())}
    return "\n".join(
        f"## {name}\n\n{fields_of(document)}" for name, document in {**KINDS, **inner}.items()
    )


def _nested(kinds: Iterable[type[Document]]) -> Iterator[type[Document]]:
    """The documents inside manifests, each once, by name."""
    wanted = {name for kind in kinds for name in kind.model_json_schema().get("$defs", {})}
    known = {each.__name__: each for each in _subclasses(Document)}
    return (known[name] for name in sorted(wanted) if name in known)


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
