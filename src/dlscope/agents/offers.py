"""The frameworks of this machine, asked in a process of its own: imported, they stay in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Mapping

from dlscope.agents.agent import Offer
from dlscope.agents.capabilities import backend_table
from dlscope.agents.channel import told_to_parent
from dlscope.core import registry
from dlscope.core.version import Version


def offers(only: Collection[str] = ()) -> Mapping[str, Offer]:
    """The frameworks that work here by name; `only` these where some are named.

    Raises `PluginError` for a name that no installed plugin has.
    """
    for name in only:
        if name not in registry.names("backends"):
            raise registry.unknown("backends", name)
    answer = subprocess.run(
        [sys.executable, "-m", "dlscope.agents.offers", *only],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    told = json.loads(answer.stdout.splitlines()[-1])
    return {
        name: Offer(
            str(Version.parse(each["version"])), tuple(each["devices"]), tuple(each["levels"])
        )
        for name, each in told.items()
    }


def main() -> None:
    """Print the frameworks that work here as one line of JSON."""
    tell = told_to_parent()
    rows = backend_table(sys.argv[1:])
    told = {
        str(row["backend"]): {
            "version": row["version"],
            "devices": str(row["devices"]).split(", "),
            "levels": str(row["levels"]).split(", "),
        }
        for row in rows
        if row["available"]
    }
    tell(told)


if __name__ == "__main__":
    main()
