from __future__ import annotations

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


def test_without_any_search_the_report_says_what_makes_one() -> None:
    report = listing_report([])
    assert report.answer == "No search yet: try dlscope codesign search."
    ((command, _),) = report.next_commands
    assert command.startswith("dlscope codesign search")
