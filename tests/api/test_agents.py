"""The library over a real fleet of two agents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import socket_allow_hosts

from dlscope import api
from dlscope.core.errors import PlanError, Unsatisfiable
from dlscope.core.manifest import ExperimentManifest
from dlscope.store import Store
from dlscope.testing.ray_fleet import RayFleet, ray_fleet
from dlscope.testing.small_experiment import write_experiment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def fleet() -> Iterator[RayFleet]:
    from ray.util import get_node_ip_address

    # Ray's nodes go by the address that other machines know this one by.
    socket_allow_hosts(["127.0.0.1", get_node_ip_address()], allow_unix_socket=True)
    with ray_fleet("left") as fleet:
        fleet.hire("right", labels={"lab": "a"})
        yield fleet


def asking(folder: Path, **fields: Any) -> ExperimentManifest:
    written = write_experiment(folder, pictures=4)
    return ExperimentManifest.model_validate(
        {
            "schema_version": 1,
            "name": "placed",
            "models": [str(written.model)],
            "frameworks": ["mock"],
            "datasets": [str(written.dataset)],
            "scenarios": [{"name": "online", "mode": "accuracy"}],
            "stack": "current",
            **fields,
        }
    )


def test_all_agents_have_a_copy_that_names_them_and_a_second_time_nothing_is_measured(
    fleet: RayFleet, tmp_path: Path
) -> None:
    asked = asking(tmp_path, placement="all")
    where = {"scheduler": "ray", "address": fleet.address, "store": str(tmp_path / "store")}
    first = api.run_experiment(asked, **where)
    assert api.run_experiment(asked, **where).runs == first.runs
    # Beside the two there are Runs that ask whether the manifest declares its input wrongly.
    with Store.open(tmp_path / "store") as store:
        plans = [store.run(run).plan for run in first.runs[:2]]
    assert [plan.options["system"] for plan in plans] == ["left", "right"]
    assert plans[0].model == plans[1].model


def test_a_version_that_no_agent_has_is_refused_and_the_rest_is_measured(
    fleet: RayFleet, tmp_path: Path
) -> None:
    asked = asking(
        tmp_path,
        frameworks=["mock", "mock==9.9.9"],
        systems=[{"labels": {"lab": "a"}}],
    )

    class Counting(api.Watcher):
        refused = 0

        def planned(self, plans: Any, refused: int) -> None:
            del plans
            self.refused += refused

    watcher = Counting()
    report = api.run_experiment(
        asked,
        scheduler="ray",
        address=fleet.address,
        store=str(tmp_path / "store"),
        watcher=watcher,
    )
    assert watcher.refused == 1
    with Store.open(tmp_path / "store") as store:
        assert store.run(report.runs[0]).plan.options == {"labels": {"lab": "a"}}
    only = asking(tmp_path, frameworks=["mock==9.9.9"])
    with pytest.raises(Unsatisfiable) as caught:
        api.run_experiment(only, scheduler="ray", address=fleet.address)
    own = caught.value.problems[0].what.split()[3]
    assert [each.what for each in caught.value.problems] == [
        f"left, right: mock {own} does not satisfy ==9.9.9 (as asked)"
    ]


def test_agents_are_listed_with_what_they_offer(fleet: RayFleet) -> None:
    table = api.agents(fleet.address).table("agents")
    assert table.column("agent") == ("left", "right")
    assert [str(each).split()[0] for each in table.column("frameworks")] == ["mock", "mock"]
    assert "lab=a" in str(table.column("labels")[1])


def test_a_name_or_a_node_has_one_agent(fleet: RayFleet) -> None:
    with pytest.raises(PlanError) as caught:
        fleet.hire("left")
    assert caught.value.what.endswith("has its name already")
