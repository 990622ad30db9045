"""What every manifest shares: frozen, nothing unknown, all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from dlscope.core.digest import digest
from dlscope.core.errors import ManifestError, did_you_mean, raise_all
from dlscope.core.version import Constraint, Version

M = TypeVar("M", bound="Manifest")
Locate = Callable[[tuple[int | str, ...]], str]
"""From a path inside a document to the place a person looks for: `resnet50.yaml:12, inputs[0]`."""


class Document(BaseModel):
    """A frozen part of a manifest; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> dict[str, Any]:
        """All fields, defaults written out, as plain JSON data."""
        return self.model_dump(mode="json")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON; the same digest means the same content."""
        return digest(self.to_json())


def refuse(what: str, fix: str) -> PydanticCustomError:
    """A problem that a validator reports with its own words and remedy."""
    return PydanticCustomError("refused", "{what}", {"what": what, "fix": fix})


def _padded_version(value: Any) -> str:
    try:
        version = Version.parse(str(value))
    except ValueError as error:
        raise refuse(str(error), "use three numbers such as 1.0.0") from None
    if len(version.release) > 3 or version.post >= 0:
        raise refuse(f"{value!r} is not SemVer", "use three numbers such as 1.0.0")
    return str(version)


def _exact_version(value: Any) -> str:
    try:
        return str(Version.parse(str(value)))
    except ValueError as error:
        raise refuse(str(error), "use an exact version such as 1.31.1") from None


def _constraint(value: Any) -> str:
    try:
        return str(Constraint.parse(str(value)))
    except ValueError as error:
        raise refuse(str(error), "use a constraint such as >=1.17,<2 or ^1.2 or *") from None


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,80}$")]
SemVer = Annotated[str, BeforeValidator(_padded_version)]
ExactVersion = Annotated[str, BeforeValidator(_exact_version)]
VersionConstraint = Annotated[str, BeforeValidator(_constraint)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Source:
    """Where a file comes from.

    `pkg:DISTRIBUTION==VERSION#PATH` (a file inside an installed distribution, never imported),
    `file:PATH`, `https://…`, or `generated:NETWORK?KEY=VALUE&…` (built from the other assets).
    """

    scheme: Literal["pkg", "file", "https", "generated"]
    location: str
    version: str = ""
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a source. Raises ValueError when it has none of the four forms."""
        scheme, _, rest = text.partition(":")
        if scheme == "pkg" and (match := _PKG.fullmatch(rest)):
            return cls("pkg", match["distribution"], match["version"], match["path"])
        if scheme == "file" and rest:
            return cls("file", rest)
        if scheme == "https" and rest.startswith("//"):
            return cls("https", text)
        if scheme == "generated" and rest:
            network, _, query = rest.partition("?")
            pairs = (pair.partition("=") for pair in query.split("&") if pair)
            return cls("generated", network, options={key: value for key, _, value in pairs})
        raise ValueError(f"{text!r} is not a source")


_PKG = re.compile(r"(?P<distribution>[\w.-]+)==(?P<version>[\w.+!-]+)#(?P<path>.+)")


def _source(value: Any) -> str:
    try:
        Source.parse(str(value))
    except ValueError as error:
        fix = "use pkg:DISTRIBUTION==VERSION#PATH, file:PATH, https://… or generated:NETWORK?…"
        raise refuse(str(error), fix) from None
    return str(value)


SourceText = Annotated[str, BeforeValidator(_source)]


class Asset(Document):
    """One file a model needs; its digest is checked before it is used."""

    source: SourceText
    sha256: Sha256 | None = None
    size_bytes: int | None = None
    archive_member: str | None = None
    count: int | None = None


class Manifest(Document):
    """A named, versioned document of one kind."""

    kind: str
    schema_version: Literal[1]
    name: Name
    description: str = ""

    @property
    def identity(self) -> str:
        """The name people use for it."""
        return self.name


def parse_manifest(kind: type[M], data: Mapping[str, Any], locate: Locate) -> M:
    """`data` as a manifest of `kind`.

    Raises `ManifestError`, or `Problems` with one `ManifestError` for everything wrong with it.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problems = [_problem(kind, details, locate) for details in error.errors()]
        raise_all(problems)
        raise AssertionError("a validation error has at least one problem") from error


def _problem(kind: type[BaseModel], details: ErrorDetails, locate: Locate) -> ManifestError:
    path = tuple(part for part in details["loc"] if not _is_union_tag(part))
    what, fix = _words(kind, details, path)
    return ManifestError(what, where=locate(path), fix=fix)


def _is_union_tag(part: int | str) -> bool:
    # pydantic adds the member of a union to the path: `framework.FrameworkRequirement.name`.
    return isinstance(part, str) and (part[:1].isupper() or "[" in part) and part not in "NCHWK"


def _words(
    kind: type[BaseModel], details: ErrorDetails, path: tuple[int | str, ...]
) -> tuple[str, str]:
    last = path[-1] if path else kind.__name__
    value = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "refused":
            return context["what"], context["fix"]
        case "extra_forbidden":
            return f"unknown field {last!r}", did_you_mean(str(last), _fields_at(kind, path[:-1]))
        case "missing":
            return f"field {last!r} is missing", f"add {last}: …"
        case "literal_error":
            words = re.findall(r"'([^']*)'", context["expected"])
            return f"{value!r} is not a value of {last!r}", _choose(str(value), words, context)
        case "string_pattern_mismatch":
            return f"{value!r} does not fit {last!r}", f"it must match {context['pattern']}"
    message = details["msg"]
    return f"{last!r} is {value!r}: {message[:1].lower()}{message[1:]}", "correct the value"


def _choose(value: str, words: list[str], context: Mapping[str, Any]) -> str:
    if not words:
        return f"use {context['expected']}"
    advice = did_you_mean(value, words)
    listing = f"use {' or '.join(words)}" if len(words) < 9 else ""
    if advice.startswith("did") and listing:
        return f"{listing} ({advice})"
    return listing or advice


def _fields_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    models: list[type[BaseModel]] = [kind]
    for part in path:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [model for info in fields for model in _models_in(info)]
    return [name for model in models for name in model.model_fields]


def _models_in(info: FieldInfo) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    pending: list[Any] = [info.annotation]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        pending.extend(get_args(annotation))
    return found
