from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dlscope import api
from dlscope.api.carrying_out import carried_out, permission_of
from dlscope.core.hook_permission import VARIABLE, HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.store import Store
from dlscope.testing.small_experiment import write_experiment

HASH = "0123456789abcdef" * 4


class Heard(api.Watcher):
    """Remembers what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def planned(self, plans, refused: int) -> None:
        self.told.append(("planned", len(plans), refused))

    def finished(self, plan: Plan, run: Run, is_known: bool) -> None:
        self.told.append((plan.framework.name, run.status, is_known))


@pytest.fixture
def plans(tmp_path: Path) -> tuple[Plan, ...]:
    """Two plans of a small experiment: one fails at its third prediction, one does not."""
    files = write_experiment(tmp_path, pictures=1)
    found = []
    for options in ({"fail_every": 1}, {}):
        asked = api.experiment(
            str(files.model),
            dataset=str(files.dataset),
            backend="mock",
            scenario={"name": str(files.scenario), "mode": "performance"},
            options=options,
        )
        found.extend(plan_experiment(asked).plans)
    return tuple(found)


def test_hooks_are_allowed_by_one_name_or_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert permission_of(()) == HookPermission()
    assert permission_of(HASH) == permission_of([HASH]) == HookPermission.of(HASH)
    assert permission_of(HASH).allows(HASH)
    assert not permission_of(()).allows(HASH)


def test_what_a_store_holds_is_not_measured_again(plans, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    _, good = plans
    first = Heard()
    (run,) = carried_out([good], HookPermission(), store, False, first, refused=3)
    assert first.told == [("planned", 1, 3), ("mock", "finished", False)]
    with Store.open(store) as opened:
        assert opened.run(run.id).plan == good
    again = Heard()
    assert carried_out([good], HookPermission(), store, False, again)[0].id == run.id
    assert again.told[-1] == ("mock", "finished", True)
    anew = Heard()
    assert carried_out([good], HookPermission(), store, True, anew)[0].id != run.id
    assert anew.told[-1] == ("mock", "finished", False)


@pytest.mark.parametrize(
    ("stops", "statuses"), [(False, ["failed", "finished"]), (True, ["failed"])]
)
def test_a_failure_ends_all_only_where_that_was_asked(
    plans, tmp_path: Path, stops: bool, statuses: list[str]
) -> None:
    store = str(tmp_path / "store")
    runs = carried_out(plans, HookPermission(), store, False, api.QUIET, stops_at_failure=stops)
    assert [run.status for run in runs][: len(statuses)] == statuses
    assert len([run for run in runs if run.status == "finished"]) == statuses.count("finished")


def test_nothing_to_do_is_done(tmp_path: Path) -> None:
    heard = Heard()
    assert carried_out([], HookPermission(), str(tmp_path), False, heard) == ()
    assert heard.told == [("planned", 0, 0)]
