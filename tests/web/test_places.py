from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from dlscope.core import registry
from dlscope.web.places import NAVIGATION, PLACES, RUNS, Place, place_of


def test_runs_of_every_workload_have_a_place_in_the_navigation() -> None:
    for workload in (*registry.names("workloads"), "one that nobody knows"):
        found = place_of(workload)
        assert (found.word, found.path) in NAVIGATION


def test_what_nobody_knows_is_among_all_runs() -> None:
    assert place_of("nobody's") is RUNS


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.word)
def test_every_place_is_a_page_that_says_what_makes_its_runs(
    client: TestClient, empty: TestClient, place: Place
) -> None:
    assert f"<h2>{place.heading}</h2>" in client.get(place.path).text
    assert f"No {place.heading.lower()} yet: try `dlscope" in empty.get(place.path).text
