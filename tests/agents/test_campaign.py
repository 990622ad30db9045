from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_work import ACCURACY, ITEMS, MS
from watching import await_line, await_true

from dlscope.agents.campaign import Campaign
from dlscope.agents.local import LocalScheduler
from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.core.errors import StoreError
from dlscope.core.plan import Plan
from dlscope.core.run import Run, Status
from dlscope.stacks.fingerprint import environment
from dlscope.store import RunFilter, Store
from dlscope.store.spool import Spool
from dlscope.testing.stores import sample_plan, sample_run

PLANS = tuple(sample_plan(seed=seed) for seed in range(3))


class Recorded(Scheduler):
    """Gives a Run of the given status for each plan and remembers what it was asked for."""

    name = "recorded"

    def __init__(self, prefix: str = "r", status: Status = "finished") -> None:
        self.asked: list[Assignment] = []
        self._prefix, self._status = prefix, status

    def _agents(self) -> None:
        return None

    def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
        del plan
        return (environment().fingerprint,)

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        del observer
        for assignment in assignments:
            self.asked.append(assignment)
            run_id = f"{self._prefix}{len(self.asked)}"
            run = sample_run(run_id, plan=assignment.plan, status=self._status)
            yield replace(run, environment=environment())


class Refusing(Scheduler):
    """Fails the test when anything is to be executed."""

    name = "refusing"

    def _agents(self) -> None:
        return None

    def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
        del plan
        return (environment().fingerprint,)

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        del observer
        yield from ()
        assert not assignments, "there is nothing left to execute"


def _runs(
    store: Store,
    plans: Sequence[Plan],
    scheduler: Scheduler,
    told: list[tuple[str, bool]] | None = None,
    **options: bool,
) -> list[Run]:
    def finished(plan: Plan, run: Run, is_known: bool) -> None:
        assert plan.digest == run.plan.digest
        if told is not None:
            told.append((run.id, is_known))

    campaign = Campaign(store, scheduler)
    runs = campaign.runs(plans, observer=lambda *_: None, finished=finished, **options)
    return list(runs)


def _ids(runs: Sequence[Run]) -> list[str]:
    return [run.id for run in runs]


def test_carries_out_each_plan_and_stores_its_run(store: Store) -> None:
    told: list[tuple[str, bool]] = []
    assert _ids(_runs(store, PLANS, Recorded(), told)) == ["r1", "r2", "r3"]
    assert told == [("r1", False), ("r2", False), ("r3", False)]
    accepted = store.runs(RunFilter(acceptance="accepted"))
    assert {run.plan_digest: run.id for run in accepted} == {
        plan.digest: f"r{number}" for number, plan in enumerate(PLANS, 1)
    }


def test_what_is_finished_is_read_and_not_measured_again(store: Store) -> None:
    _runs(store, PLANS, Recorded())
    told: list[tuple[str, bool]] = []
    assert _ids(_runs(store, PLANS[::-1], Refusing(), told)) == ["r3", "r2", "r1"]
    assert told == [("r3", True), ("r2", True), ("r1", True)]


def test_only_what_is_missing_is_measured(store: Store) -> None:
    _runs(store, PLANS[1:2], Recorded("old"))
    scheduler = Recorded("new")
    assert _ids(_runs(store, PLANS, scheduler)) == ["new1", "old1", "new2"]
    assert [each.plan.digest for each in scheduler.asked] == [PLANS[0].digest, PLANS[2].digest]


def test_a_plan_given_twice_is_measured_once(store: Store) -> None:
    scheduler = Recorded()
    assert _ids(_runs(store, [PLANS[0], PLANS[1], PLANS[0]], scheduler)) == ["r1", "r2", "r1"]
    assert len(scheduler.asked) == 2
    told: list[tuple[str, bool]] = []
    _runs(store, [PLANS[0], PLANS[0]], Refusing(), told)
    assert told == [("r1", True)]


@pytest.mark.parametrize("status", ["failed", "aborted"])
def test_what_did_not_finish_is_measured_again(store: Store, status: Status) -> None:
    (broken,) = _runs(store, PLANS[:1], Recorded("broken", status))
    assert broken.status == status
    assert _ids(_runs(store, PLANS[:1], Recorded("whole"))) == ["whole1"]
    assert _ids(_runs(store, PLANS[:1], Refusing())) == ["whole1"]


def test_a_rerun_takes_the_place_of_the_run_before(store: Store) -> None:
    _runs(store, PLANS, Recorded("old"))
    assert _ids(_runs(store, PLANS[:2], Recorded("new"), rerun=True)) == ["new1", "new2"]
    assert _ids(_runs(store, PLANS, Refusing())) == ["new1", "new2", "old3"]
    states = {run.id: run.acceptance for run in store.runs()}
    assert states == {
        "old1": "superseded",
        "old2": "superseded",
        "old3": "accepted",
        "new1": "accepted",
        "new2": "accepted",
    }


def test_a_rerun_that_fails_leaves_the_run_before_in_place(store: Store) -> None:
    _runs(store, PLANS[:1], Recorded("old"))
    _runs(store, PLANS[:1], Recorded("new", "failed"), rerun=True)
    assert _ids(_runs(store, PLANS[:1], Refusing())) == ["old1"]


def test_partial_results_belong_to_a_plan_in_an_environment(store: Store) -> None:
    scheduler = Recorded()
    _runs(store, PLANS[:2], scheduler)
    fingerprint = environment().fingerprint
    places = [each.partial.relative_to(store.location.folder) for each in scheduler.asked]
    assert places == [Path("partial") / plan.digest / fingerprint for plan in PLANS[:2]]


def test_a_campaign_may_stop_at_the_first_failure(store: Store) -> None:
    failing = Recorded(status="failed")
    assert _ids(_runs(store, PLANS, failing, stops_at_failure=True)) == ["r1"]
    assert len(failing.asked) == 1


def test_a_run_that_the_store_refuses_is_told_and_the_rest_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = store.accept

    def refuse_the_first(run: Run, *, replaces: bool = False) -> bool:
        if run.id == "r1":
            raise StoreError("the database of the store is damaged", where="here", fix="mend it")
        return accept(run, replaces=replaces)

    monkeypatch.setattr(store, "accept", refuse_the_first)
    told: list[tuple[str, str]] = []
    spool = Spool(tmp_path / "spool")
    runs = Campaign(store, Recorded(), spool).runs(
        PLANS,
        observer=lambda *_: None,
        finished=lambda *_: None,
        spooled=lambda run, refusal: told.append((run.id, refusal.what)),
    )
    assert _ids(runs) == ["r1", "r2", "r3"]
    assert told == [("r1", "the database of the store is damaged")]
    assert spool.pending() == ("r1",)
    assert not store.has("r1")


def test_each_run_is_stored_before_the_next_begins(store: Store) -> None:
    stored: list[int] = []

    class Counting(Scheduler):
        name = "counting"

        def _agents(self) -> None:
            return None

        def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
            del plan
            return (environment().fingerprint,)

        def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
            for run in Recorded().execute(assignments, observer):
                stored.append(len(store.runs()))
                yield run

    _runs(store, PLANS, Counting())
    assert stored == [0, 1, 2]


def test_a_campaign_killed_half_way_is_finished_by_running_it_again(
    experiment: Callable[..., Any],
    make_plans: Callable[..., tuple[Plan, ...]],
    drive: Callable[..., Any],
    store: Store,
) -> None:
    matrix = {"options": [{"delay_ns": [20 * MS], "value": float(n)} for n in range(4)]}
    process = drive(experiment(ACCURACY, **matrix))
    before = [await_line(process, "finished").split()[1] for _ in range(2)]
    await_line(process, "step")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert {run.id for run in store.runs()} == set(before)
    told: list[tuple[str, bool]] = []
    plans = make_plans(ACCURACY, **matrix)
    after = _runs(store, plans, LocalScheduler(), told)
    assert _ids(after)[:2] == before
    assert [is_known for _, is_known in told] == [True, True, False, False]
    runs = store.runs()
    assert [run.acceptance for run in runs] == ["accepted"] * 4
    assert {run.plan_digest: run.id for run in runs} == {
        plan.digest: run.id for plan, run in zip(plans, after, strict=True)
    }


def test_an_accuracy_plan_killed_half_way_goes_on_with_the_next_item(
    experiment: Callable[..., Any],
    make_plans: Callable[..., tuple[Plan, ...]],
    drive: Callable[..., Any],
    store: Store,
) -> None:
    slow = {"options": [{"delay_ns": [50 * MS]}]}
    (plan,) = make_plans(ACCURACY, **slow)
    items = store.location.folder / "partial" / plan.digest / environment().fingerprint
    process = drive(experiment(ACCURACY, **slow))
    await_true(lambda: len(_lines(items)) >= 3, "three items to be answered")
    process.send_signal(signal.SIGKILL)
    process.wait()
    answered = _lines(items)
    assert 3 <= len(answered) < ITEMS
    # What was answered is marked: an item that is answered again would lose its mark.
    marked = [{**record, "prediction": {"values": [9.0] * 10}} for record in answered]
    _write(items, marked)
    (run,) = _runs(store, [plan], LocalScheduler())
    values = [item.prediction["values"][0] for item in run.items]
    assert values == [9.0] * len(answered) + [0.0] * (ITEMS - len(answered))
    assert [item.item for item in run.items] == [f"item-{number}" for number in range(ITEMS)]
    assert run.status == "finished"
    assert not items.exists()


def _lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "items.jsonl"
    if not path.exists():
        return []
    records = []
    for line in path.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # empty, or not yet written to its end
    return records


def _write(folder: Path, records: Sequence[dict[str, Any]]) -> None:
    # The last line breaks off, as it does where a process dies while it writes.
    whole = "".join(f"\n{json.dumps(record)}" for record in records)
    (folder / "items.jsonl").write_text(f'{whole}\n{{"index": {len(records)}, "ite')
