from __future__ import annotations

from dlscope.methods.codesign.bottom_up.tables import COLUMNS, result_tables


def test_tables_have_the_columns_they_promise(found):
    tables = result_tables(found[0])
    assert tables.keys() == COLUMNS.keys()
    for name, (_, columns) in COLUMNS.items():
        assert tables[name].columns == columns
        assert len(tables[name])


def test_every_candidate_is_there_and_one_is_chosen(found):
    result, _ = found
    table = result_tables(result)["candidates"]
    assert len(table) == len(result.candidates)
    (chosen,) = [row for row in table if row["is_chosen"]]
    assert (chosen["stage"], chosen["key"]) == ("final", result.winner.trial.key)


def test_the_terms_of_each_device_are_told(found):
    goals = list(result_tables(found[0])["goals"])
    assert [row["network"] for row in goals] == ["swarm", "chosen"]
    assert all(row["target_ns"] == 800_000 and row["term"] == 0.0 for row in goals)


def test_latencies_are_over_those_of_the_reference(found):
    result, _ = found
    found_row, reference = result_tables(result)["final"]
    assert reference["latency_ratio"] == 1.0
    ratio = result.final.latencies_ms["board"] / result.reference.latencies_ms["board"]
    assert abs(found_row["latency_ratio"] - ratio) < 1e-5
