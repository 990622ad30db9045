"""What every manifest shares: frozen, nothing unknown, all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from dlscope.core.digest import digest
from dlscope.core.errors import raise_all
from dlscope.core.manifest.problems import Locate as Locate
from dlscope.core.manifest.problems import problems_in
from dlscope.core.version import Constraint, Version

M = TypeVar("M", bound="Document")


class Document(BaseModel):
    """A frozen part of a manifest; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """All fields, defaults written out, as plain JSON data."""
        return self.model_dump(mode="json")

    # Not cached: `model_copy(update=…)` would carry the digest of the original along.
    @property
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
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


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
        if scheme == "https" and _HTTPS.fullmatch(rest):
            return cls("https", text)
        if scheme == "generated" and (match := _GENERATED.fullmatch(rest)):
            pairs = (pair.partition("=") for pair in (match["query"] or "").split("&") if pair)
            return cls("generated", match["network"], options={k: v for k, _, v in pairs})
        raise ValueError(f"{text!r} is not a source")


_HTTPS = re.compile(r"//[^/\s]+(?:/\S*)?")
_GENERATED = re.compile(
    r"(?P<network>[\w.-]+)(?:\?(?P<query>(?:[^=&]+=[^=&]*(?:&[^=&]+=[^=&]*)*)?))?"
)
_PKG = re.compile(
    r"(?P<distribution>[\w.-]+)==(?P<version>[\w.+!-]+)#(?P<path>(?!/|(?:.*/)?\.\.(?:/|$)).+)"
)


def _source(value: Any) -> str:
    try:
        Source.parse(str(value))
    except ValueError as error:
        fix = "use pkg:DISTRIBUTION==VERSION#PATH, file:PATH, https://… or generated:NETWORK?…"
        raise refuse(str(error), fix) from None
    return str(value)


SourceText = Annotated[str, BeforeValidator(_source)]


class Asset(Document):
    """One file a model needs; its digest is checked before it is used.

    `tensors` maps the tensor names of the manifest to those of this file, where they differ.
    `md5` is what older manifests have; a plan holds the SHA-256 of the file that it led to.
    """

    source: SourceText
    sha256: Sha256 | None = None
    md5: Md5 | None = None
    size_bytes: int | None = None
    archive_member: str | None = None
    count: int | None = None
    tensors: dict[str, str] = Field(default_factory=dict)


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
    """`data` as a manifest, or a part of one, of `kind`.

    Raises `ManifestError`, or `Problems` with one `ManifestError` for everything wrong with it.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise_all(problems_in(kind, data, error.errors(), locate))
        raise AssertionError("a validation error has at least one problem") from error
