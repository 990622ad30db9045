from __future__ import annotations

from dataclasses import replace

from dlscope.core.plan import Plan
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.report import profiling_report
from dlscope.methods.profiling.structure import structure_table, structure_warnings


def uneven(made):
    """Two layers of four are missing somewhere, one of them in the deepest run alone."""
    parts = [("L", "a", 0, 20), ("L", "b", 30, [10, None, 10]), ("L", "c", 50, 20)]
    deeper = [*parts[:2], ("K", "gemm", 1, 5)]
    return made("M/L/K", ([100] * 3, []), ([100] * 3, parts), ([100] * 3, deeper))


def test_tells_where_each_span_is_missing(made) -> None:
    table = structure_table([uneven(made)])
    columns = ("level", "parent", "name", "level_set", "seen", "iterations")
    assert [tuple(row[name] for name in columns) for row in table] == [
        ("layer", "model", "b", "M/L", 2, 3),
        ("layer", "model", "b", "M/L/K", 2, 3),
        ("layer", "model", "c", "M/L/K", 0, 3),
    ]


def test_counts_them_in_a_warning_of_the_report(made) -> None:
    profile = uneven(made)
    warning = (
        f"{profile.run.plan.label}: 2 of 3 spans of level LAYER are not in every iteration: b, c"
    )
    assert list(structure_warnings([profile])) == [warning]
    report = profiling_report([profile.run])
    assert warning in report.warnings
    assert len(report.table("structure")) == 3


def test_of_many_the_first_are_named(made) -> None:
    parts = [("L", name, 10 * place, [5, None]) for place, name in enumerate("abcd")]
    (told,) = structure_warnings([made("M/L", ([100, 100], []), ([100, 100], parts))])
    assert told.endswith("4 of 4 spans of level LAYER are not in every iteration: a, b, c, …")


def test_what_is_the_same_in_every_iteration_is_not_told(made) -> None:
    profile = made("M/L", ([100] * 2, []), ([100] * 2, [("L", "a", 0, 20)]))
    assert len(structure_table([profile])) == 0
    assert list(structure_warnings([profile])) == []
    (told,) = structure_warnings(
        [made("M/L", ([9] * 2, []), ([9] * 2, [("L", "a", 0, [1, None])]))]
    )
    assert "1 of 1 spans of level LAYER is not in every iteration: a" in told


def test_warnings_of_several_numbers_of_threads_are_told_apart(made) -> None:
    profile = uneven(made)
    several = [Profile(replace(profile.run, plan=threaded(profile.run.plan, n))) for n in (1, 2)]
    label = profile.run.plan.label
    told = [each.partition(":")[0] for each in structure_warnings(several)]
    assert told == [f"{label} · threads 1", f"{label} · threads 2"]


def threaded(plan: Plan, threads: int) -> Plan:
    framework = plan.framework.model_copy(update={"options": {"threads": threads}})
    return plan.model_copy(update={"framework": framework})
