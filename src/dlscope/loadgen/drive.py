"""`drive`: issues the queries of a scenario to a system under test, by dlscope's own generator."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from dlscope.core.errors import DlscopeError, MeasurementError
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Samples
from dlscope.loadgen.arrivals import schedule
from dlscope.loadgen.at_once import at_once
from dlscope.loadgen.closed_loop import Issue, Watch, closed_loop, never
from dlscope.loadgen.open_loop import open_loop
from dlscope.loadgen.recorded import Recorded
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.loadgen.system_under_test import Query, SystemUnderTest
from dlscope.loadgen.users import users_loop
from dlscope.tracing.clock import Clock


def drive(
    scenario: ScenarioManifest, system: SystemUnderTest, clock: Clock, watch: Watch = never
) -> Samples:
    """The queries of `scenario`, each with its times and its first sample.

    A query that took longer than `timeout_ms` has failed, though it was answered. Raises
    `MeasurementError` for a system without samples.
    """
    if not system.samples:
        raise MeasurementError(
            "the system has no sample to be asked for",
            where=f"scenario {scenario.name}",
            fix="give it a data set with at least one item that can be prepared",
        )
    indices = _first_samples(scenario, system.samples)
    issue = _issue(scenario, system, round(scenario.timeout_ms * 1e6), clock)
    rule, arrivals = StopRule.of(scenario), scenario.rule.arrivals
    if arrivals == "closed":
        return closed_loop(issue, indices, rule, clock, watch)
    if arrivals == "at_once":
        return at_once(issue, indices, rule, clock, watch)
    if arrivals == "open":
        give_up_ns = round((scenario.latency_bound_ms or 0) * 1e6)
        due_ns = schedule(scenario)
        return open_loop(issue, indices, due_ns, clock, watch, give_up_ns=give_up_ns)
    return users_loop(
        issue,
        indices,
        rule,
        clock,
        watch,
        users=scenario.users or 1,
        think_ns=(scenario.think_time_ms or 0) * 1e6,
        seed=scenario.seeds.schedule,
    )


def _first_samples(scenario: ScenarioManifest, samples: int) -> Iterator[int]:
    if scenario.type == "replay":
        recorded = Recorded.of(scenario).samples_of(samples, scenario)
        if recorded is not None:
            return iter(recorded)
    return sample_indices(samples, scenario.seeds.order, equal_issue=scenario.equal_issue)


def _issue(
    scenario: ScenarioManifest, system: SystemUnderTest, timeout_ns: int, clock: Clock
) -> Issue:
    """Asks the system for one query; its samples follow one another, from the last to the first."""
    size, total = scenario.items_per_query, system.samples
    answer, now = system.answer, clock.now_ns

    @cache
    def query(first: int) -> Query:
        return tuple((first + step) % total for step in range(size))

    def ask(first: int) -> None:
        began = now()
        answer(query(first))
        if timeout_ns and now() - began > timeout_ns:
            raise late_answer(timeout_ns)

    return ask


def late_answer(timeout_ns: int) -> DlscopeError:
    """The failure of a query whose answer came after its time."""
    return MeasurementError(
        f"no answer within {timeout_ns / 1e9:g} s",
        where="query",
        fix="raise timeout_ms of the scenario",
    )
