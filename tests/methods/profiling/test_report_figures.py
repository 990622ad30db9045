from __future__ import annotations

import json

from dlscope.methods.profiling.profile import CEILINGS, WORK
from dlscope.methods.profiling.report_figures import figures
from dlscope.methods.profiling.timeline import timeline_table

CEILING = {CEILINGS: json.dumps({"flops_per_s": 1e11, "bytes_per_s": 1e10})}
ALPHA = {"flops": 4e6, "read_bytes": 1e5, "write_bytes": 1e5, "inputs": {}}
ARTIFACTS = {
    **CEILING,
    WORK: json.dumps({"alpha": ALPHA}),
}
RUNS = [([100] * 3, []), ([120] * 3, [("L", "alpha", 0, 50, {"type": "Conv"})])]


def drawn(table, *profiles):
    tables = {name: table(name, *profiles) for name in ("a3", "a14")}
    tables["timeline"] = timeline_table(profiles)
    return figures(profiles, tables)


def test_a_profile_has_a_timeline_bars_and_a_roofline(made, table) -> None:
    found = drawn(table, made("M/L", *RUNS, artifacts=ARTIFACTS))
    assert list(found) == ["timeline", "latency", "roofline"]
    assert [found[name].table for name in found] == ["timeline", "a3", "a14"]
    assert found["roofline"].title == "Roofline of the layers"
    text = json.dumps(found["timeline"].spec)
    assert "alpha" in text


def test_the_first_profile_alone_is_drawn(made, table) -> None:
    other = [RUNS[0], ([120] * 3, [("L", "omega", 0, 50)])]
    profiles = [
        made("M/L", *RUNS, artifacts=ARTIFACTS),
        made("M/L", *other, artifacts=ARTIFACTS, threads=2),
        made("M/L", *other, artifacts=ARTIFACTS, plan={"batch_size": 8}),
        made("M/L", *other, artifacts=ARTIFACTS, model="other"),
    ]
    specs = json.dumps([figure.spec for figure in drawn(table, *profiles).values()])
    assert "alpha" in specs
    assert "omega" not in specs


def test_without_ceilings_or_work_there_is_no_roofline(made, table) -> None:
    assert list(drawn(table, made("M/L", *RUNS, artifacts=CEILING))) == ["timeline", "latency"]
    work = {WORK: ARTIFACTS[WORK]}
    assert list(drawn(table, made("M/L", *RUNS, artifacts=work))) == ["timeline", "latency"]


def test_without_profiles_or_iterations_nothing_is_drawn(made, table) -> None:
    assert drawn(table) == {}
    assert drawn(table, made("M", ([], []))) == {}
