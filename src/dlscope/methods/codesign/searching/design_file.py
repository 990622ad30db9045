"""`DesignFile`: a searched design as `design.json`, with all that rebuilds its network and numbers.

Its digest covers everything in it but the digest itself, so that an edited file is refused.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, Self, final

from dlscope.core.digest import digest, file_digest
from dlscope.core.errors import SearchError
from dlscope.core.manifest import SpaceManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.core.whole_file import write_whole
from dlscope.devices.pipeline_stage import split_lanes
from dlscope.methods.codesign.implementing.implementer import ImplementedDesign
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

SCHEMA_VERSION = 1
_TOOLS = ("dlscope", "numpy", "torch", "onnx", "onnxruntime")
Status = Literal["done", "budget_limited", "infeasible"]


@final
@dataclass(frozen=True)
class DesignFile:
    """A design of a space for a device, what it costs there and how well it answers.

    `costs` has `latency_ns`, `interval_ns`, `fps`, `resources`, `bottleneck`, `energy_j`; `stages`
    one entry for each layer from stem to head. `accuracy` is None before it was trained. `files`
    maps what was emitted to its SHA-256. `device_digest` covers all that its numbers depend on.
    """

    space: Mapping[str, Any]
    device: str
    device_digest: str
    design: Mapping[str, Any]
    costs: Mapping[str, Any]
    stages: tuple[Mapping[str, Any], ...]
    seed: int = 0
    dataset: str = ""
    status: Status = "done"
    accuracy: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        space: Space,
        implemented: ImplementedDesign,
        *,
        device: str,
        device_digest: str,
        seed: int,
        dataset: str = "",
        status: Status = "done",
        accuracy: Mapping[str, Any] | None = None,
        warnings: Sequence[str] = (),
    ) -> Self:
        """The file of a design as a device implements it."""
        return cls(
            space=space.manifest.to_json(),
            device=device,
            device_digest=device_digest,
            design=implemented.design.to_json(),
            costs=_costs(implemented),
            stages=tuple(_stages(space, implemented)),
            seed=seed,
            dataset=dataset,
            status=status,
            accuracy=accuracy,
            warnings=tuple(warnings),
            versions=tool_versions(),
        )

    @property
    def identity(self) -> str:
        """A short name of the design itself."""
        return identity_of(Design.from_json(self.design))

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data, its schema and its digest included."""
        content = {"schema_version": SCHEMA_VERSION, **_plain(asdict(self))}
        return {**content, "digest": digest(content)}

    def save(self, path: Path) -> None:
        """Write it to the file `path`."""
        write_whole(path, json.dumps(self.to_json(), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """The file at `path`.

        Raises `SearchError` where there is none, for a newer schema and for edited content.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            found, told = data.pop("schema_version"), data.pop("digest")
        except OSError as error:
            raise _unreadable(path, error.strerror or type(error).__name__) from None
        except (ValueError, KeyError, AttributeError, TypeError):
            raise _unreadable(path, "it is no design.json, or not all of one") from None
        if found != SCHEMA_VERSION:
            raise SearchError(
                f"the design has schema {found}, this dlscope reads {SCHEMA_VERSION}",
                where=str(path),
                fix="use the dlscope that wrote it, or a newer one",
            )
        actual = digest({"schema_version": found, **data})
        if actual != told:
            raise SearchError(
                f"the content has the digest {actual[:12]}, the file says {told[:12]}",
                where=str(path),
                fix="restore the file; a design that was edited is none that was searched",
            )
        fields = {**data, "stages": tuple(data["stages"]), "warnings": tuple(data["warnings"])}
        return cls(**fields)

    def space_of_it(self) -> Space:
        """The space that the design is of."""
        manifest = parse_manifest(SpaceManifest, self.space, lambda _: "design, space")
        return Space(manifest)

    def design_in(self, space: Space) -> Design:
        """The design. Raises `SearchError` where it is of another space."""
        found = Design.from_json(self.design)
        found.require_in(space)
        return found

    def with_files(self, folder: Path, names: Sequence[str]) -> DesignFile:
        """The same with the SHA-256 of files in `folder` besides those that it has."""
        added = {name: file_digest(folder / name) for name in names}
        return replace(self, files={**self.files, **added})


def identity_of(design: Design) -> str:
    """A short name of a design, the same wherever it is found."""
    return digest(design.to_json())[:8]


def _unreadable(path: Path, reason: str) -> SearchError:
    return SearchError(
        f"no design can be read: {reason}",
        where=str(path),
        fix="give the design.json of a search: dlscope codesign list names them",
    )


def tool_versions() -> dict[str, str]:
    """The versions of what numbers depend on, Python among them."""
    found = {"python": platform.python_version()}
    for name in _TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _costs(implemented: ImplementedDesign) -> dict[str, Any]:
    return {
        "latency_ns": implemented.latency_ns,
        "interval_ns": implemented.interval_ns,
        "fps": implemented.fps,
        "resources": {name: float(used) for name, used in implemented.resources.items()},
        "bottleneck": implemented.bottleneck,
        "is_bandwidth_bound": implemented.is_bandwidth_bound,
        "energy_j": implemented.energy_j,
    }


def _stages(space: Space, implemented: ImplementedDesign) -> list[dict[str, Any]]:
    costs = implemented.layers or (None,) * len(implemented.choices)
    stages = []
    for choice, block, cost in zip(implemented.choices, implemented.blocks, costs, strict=True):
        lanes = round(2**choice.pf)
        cpf, kpf = split_lanes(choice.layer, lanes)
        stages.append(
            {
                "block": None if block is None else space.blocks[block].name,
                "layer": str(choice.layer),
                "engine": choice.engine,
                "weight_bits": choice.precision.weight_bits,
                "activation_bits": choice.precision.activation_bits,
                "lanes": lanes,
                "cpf": cpf,
                "kpf": kpf,
                "latency_ns": None if cost is None else float(cost.latency_ns),
            }
        )
    return stages


def _plain(value: Any) -> Any:
    """`value` as what JSON gives back: lists in place of tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
