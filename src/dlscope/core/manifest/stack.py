"""`StackLock`: the software of an isolated stack, to the last version."""

from __future__ import annotations

from dlscope.core.manifest.base import Document


class StackLock(Document):
    """A Python and every distribution beside it, all exact: what its digest means is the same.

    `python` is the version of the interpreter (`3.10.13`), `platform` what its distributions were
    chosen for (`linux-x86_64`), `requirements` are `name==version`, sorted.
    """

    python: str
    platform: str
    requirements: tuple[str, ...]

    @property
    def packages(self) -> dict[str, str]:
        """Version of each distribution by name."""
        pairs = (requirement.partition("==") for requirement in self.requirements)
        return {name: version for name, _, version in pairs}
