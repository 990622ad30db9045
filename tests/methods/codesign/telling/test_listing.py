from __future__ import annotations

from dataclasses import replace

from search_sample import sample

from dlscope.methods.codesign.telling.listing import listing_report


def test_the_newest_comes_first_and_what_has_not_ended_last() -> None:
    old, new = sample(run="s-1"), sample(run="s-2", created_utc="2026-02-01T00:00:00+00:00")
    report = listing_report([old, new], {"s-3": "not ended"})
    (table,) = report.tables
    assert table.column("search") == ("s-2", "s-1", "s-3")
    assert table.column("status") == ("done", "done", "not ended")
    assert report.answer.endswith("2 ended, 1 not.")


def test_a_search_is_told_by_its_chosen_design() -> None:
    row = next(iter(listing_report([sample()]).tables[0]))
    assert (row["design"], row["interval_ns"], row["error"], row["trained"]) == (
        *("d1", 8e6, 0.25),
        3,
    )


def test_only_what_can_be_compared_is_proposed_to_be() -> None:
    """The newest two of one space and device that found a design."""

    def at(day: int, **changes):
        of_day = {"run": f"s-{day}", "created_utc": f"2026-01-{day:02}T00:00:00+00:00"}
        return replace(sample(), **of_day, **changes)

    feasible, other = at(1), at(2, space="other")
    nothing = at(3, status="infeasible", design=None)
    newest = at(4, device="zc706:pipelined")
    shown = "dlscope codesign show s-4"
    few = listing_report([feasible, other, nothing, newest]).next_commands
    assert [command for command, _ in few] == [shown]
    more = listing_report([feasible, other, nothing, newest, at(5, space="other")]).next_commands
    assert [command for command, _ in more][1:] == ["dlscope codesign compare s-5 s-2"]


def test_without_any_search_the_report_says_what_makes_one() -> None:
    report = listing_report([])
    assert report.answer == "No search yet: try dlscope codesign search."
    ((command, _),) = report.next_commands
    assert command.startswith("dlscope codesign search")
