"""`SearchRequest`: all that a search depends on, so that the same one is never made twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, final

from dlscope.core.digest import digest
from dlscope.core.errors import SearchError
from dlscope.core.manifest import DatasetManifest, SpaceManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.devices.base import Device
from dlscope.methods.codesign.named_device import device_digest
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.design_file import tool_versions
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.space.space import Space
from dlscope.training.launching import Place


@final
@dataclass(frozen=True)
class SearchRequest:
    """A search that somebody asks for.

    Either a `schedule` says how long its parts are, or they fill `budget_s` seconds. `data` says
    where the images are, `warnings` what is known of the device beforehand. Numbers are
    the same for the same `threads` and `place`.
    """

    space: Space
    device: Device
    device_name: str
    data: DatasetManifest
    seed: int = 0
    aims: Aims = field(default_factory=Aims)
    schedule: SearchSchedule | None = None
    budget_s: float | None = None
    threads: int = 1
    place: Place = "cpu"
    warnings: tuple[str, ...] = ()

    @cached_property
    def device_digest(self) -> str:
        """SHA-256 of what the numbers of the device depend on."""
        return device_digest(self.device)

    @property
    def dataset(self) -> str:
        """The identity of the images."""
        return self.data.identity

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, and of the versions that numbers depend on."""
        return digest({**self.to_json(), "versions": tool_versions()})

    def to_json(self) -> dict[str, Any]:
        """What was asked, as plain data."""
        return {
            "space": self.space.manifest.to_json(),
            "device": self.device_name,
            "device_digest": self.device_digest,
            "data": self.data.to_json(),
            "seed": self.seed,
            "aims": asdict(self.aims),
            "schedule": None if self.schedule is None else asdict(self.schedule),
            "budget_s": self.budget_s,
            "threads": self.threads,
            "place": self.place,
        }

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], device: Callable[[str, Space], Device]
    ) -> SearchRequest:
        """The request that `to_json` wrote, on what `device` gives for its name and space.

        Raises `SearchError` where that has other numbers than it had.
        """
        manifest = parse_manifest(SpaceManifest, data["space"], lambda _: "request, space")
        space, schedule = Space(manifest), data["schedule"]
        found = cls(
            space=space,
            device=device(data["device"], space),
            device_name=data["device"],
            data=parse_manifest(DatasetManifest, data["data"], lambda _: "request, data"),
            seed=data["seed"],
            aims=Aims(**data["aims"]),
            schedule=None if schedule is None else SearchSchedule(**schedule),
            budget_s=data["budget_s"],
            threads=data["threads"],
            place=data["place"],
        )
        if found.device_digest != data["device_digest"]:
            raise SearchError(
                f"the device has other numbers than when it was searched for: "
                f"{found.device_digest[:12]}, then {data['device_digest'][:12]}",
                where=f"device {found.device_name}",
                fix="search again, or give the table that it was searched with",
            )
        return found
