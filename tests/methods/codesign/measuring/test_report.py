from __future__ import annotations

from measured_space import small_space
from synthetic_profile import made_up

from dlscope.methods.codesign.measuring.local_table import local_table
from dlscope.methods.codesign.measuring.report import profile_report

SPACE = small_space(4, 8, 32)


def told(**options):
    space = small_space(8, 32)
    profiled = made_up(space, **options)
    return profile_report(profiled, local_table([profiled], "a" * 64))


def test_the_answer_is_how_well_networks_are_told() -> None:
    assert told().answer == (
        "14 of 14 operations have a time here; networks that were held out are 0.0 % off at 8 bit "
        "and 0.0 % off at 32 bit, 0 rows are new."
    )


def test_every_operation_stands_with_its_state(text) -> None:
    table = told(spread=0.2).table("operations")
    assert set(table.column("state")) == {"warning, noisy"}
    assert set(told().table("operations").column("state")) == {"ok"}


def test_a_refused_calibration_is_a_finding_and_nothing_is_searched_next() -> None:
    report = told(noise=0.5)
    bad = [each for each in report.findings if each.sign == "bad"]
    assert [each.claim[:16] for each in bad] == ["calibration_poor"] * 2
    assert report.next_commands == ()
    assert all(str(v).startswith("refused") for v in report.table("calibration").column("verdict"))


def test_many_noisy_rows_are_a_warning() -> None:
    assert told(spread=0.2).warnings == ("14 of 14 rows vary by more than a tenth",)


def test_bits_that_are_not_timed_are_noted() -> None:
    profiled = made_up(small_space(8, 32))
    narrowed = profile_report(
        type(profiled)(SPACE, profiled.operations, (), profiled.rows),
        local_table([profiled], "a" * 64),
    )
    claims = [each.claim for each in narrowed.findings]
    assert "not timed on a processor: 4 bit, 8 bit, 32 bit" in claims
