"""Where runs of each workload belong: the listings of the site, and its navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Place:
    """A listing at `path`, of the runs of one `workload` or, without, of all.

    `word` is its entry in the navigation, `heading` its title; `command` makes such runs.
    """

    word: str
    path: str
    workload: str | None
    heading: str
    command: str


RUNS = Place("Runs", "/runs", None, "Runs", "dlscope evaluate")
PLACES = (
    RUNS,
    Place("Profile", "/profiles", "profiling", "Profiles", "dlscope profile"),
)
"""A workload with runs of a kind of its own adds one line here, and its report to the plugins."""

CODESIGN = ("Co-design", "/codesign")
KEPT = {"skynet": ("SkyNet", "/skynet"), "adapt": ("Adapt", "/adapt")}
"""Of each kind of kept report its entry in the navigation, and where it is listed."""

NAVIGATION = (
    (RUNS.word, RUNS.path),
    ("Evaluate", "/evaluate"),
    ("Compare", "/compare"),
    *((each.word, each.path) for each in PLACES if each is not RUNS),
    ("Bounds", "/bounds"),
    CODESIGN,
    *KEPT.values(),
    ("Try", "/try"),
    ("Models", "/models"),
    ("Data sets", "/datasets"),
    ("Systems", "/systems"),
)
"""Words and addresses in the head of every page."""


def place_of(workload: str) -> Place:
    """Where runs of `workload` are listed."""
    return next((each for each in PLACES if each.workload == workload), RUNS)
