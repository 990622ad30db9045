from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dlscope.core.errors import FileError, StoreError
from dlscope.core.run import Environment
from dlscope.store.base import Store
from dlscope.store.benchmarks import (
    Benchmark,
    BenchmarkFilter,
    BenchmarkKey,
    BenchmarkResult,
    Imported,
)
from dlscope.store.location import Location
from dlscope.testing.stores import sample_environment, sample_run

Make = Callable[..., BenchmarkResult]
_LATER = "2026-03-02T00:00:00Z"
_HERE = sample_environment()
_THERE = replace(sample_environment(threads="8"), system={"name": "field"})
_RACES = 8
_NAMES = ("x", "y", "both")
_RACE = f"""
import json, sys
from pathlib import Path
from dlscope.core.errors import StoreError
from dlscope.store import BenchmarkKey, BenchmarkResult, Store
from dlscope.testing.stores import sample_environment

url, folder, name = sys.argv[1:]
here = sample_environment()

def made(implementation, number):
    key = BenchmarkKey(
        brick_id=f"brick {{number}}", fingerprint=here.fingerprint, implementation=implementation,
        implementation_version="1", dtype="float32", batch=1, threads=1, state="hot",
        tool_version="1",
    )
    return BenchmarkResult(key, "ok", "", [number], None, "2026-03-01T12:00:00Z")

print("ready", flush=True)
sys.stdin.readline()
answer = {{"own": 0, "shared": 0, "refused": []}}
with Store.open(url, folder=Path(folder)) as store:
    for number in range({_RACES}):
        store.benchmarks.describe(f"brick {{number}}", "layer", {{"number": number}}, {{}})
        answer["own"] += store.benchmarks.accept([made(name, number)], environment=here)
        try:
            answer["shared"] += store.benchmarks.accept([made("both", number)])
        except StoreError as error:
            answer["refused"].append(error.what.partition(", ")[2].partition(", ")[2])
print(json.dumps(answer))
"""


def test_gives_back_what_was_stored(store: Store, result: Make) -> None:
    some = [
        result(extra={"clock_mhz": [2100.5, None], "λ": "±"}, workspace_bytes=2**40),
        result(status="unsupported", reason="no bf16 here", samples_ns=(), dtype="bfloat16"),
        result(status="wrong", reason="off by 3e-2", math="tf32", samples_ns=[5, 7]),
        result(status="failed", reason="out of memory", samples_ns=(), batch=-1, in_place="0>0"),
    ]
    assert store.benchmarks.accept(some, environment=_HERE) == 4
    found = store.benchmarks.rows()
    assert sorted(found, key=lambda each: each.id) == sorted(some, key=lambda each: each.id)
    assert [store.benchmarks.result(each.id) for each in some] == some


def test_accepts_nothing_at_all(store: Store) -> None:
    assert store.benchmarks.accept([]) == 0
    assert store.benchmarks.rows() == []


def test_describes_a_benchmark_once(store: Store) -> None:
    benchmarks = store.benchmarks
    assert benchmarks.canonical("b1") == {"op": "Conv"}
    benchmarks.describe("b1", "brick", {"op": "Conv"}, {"flop": 20})
    assert benchmarks.benchmark("b1") == Benchmark("b1", "layer", {"op": "Conv"}, {"flop": 20})
    with pytest.raises(StoreError) as caught:
        benchmarks.describe("b1", "layer", {"op": "Gemm"}, {"flop": 10})
    assert str(caught.value) == (
        "StoreError: benchmark 'b1' is already described as something else\n"
        f"  where  {store.location.shown}\n"
        "  fix    make the id from the canonical form, so that each has its own"
    )
    assert benchmarks.benchmark("b1").work == {"flop": 20}


def test_refuses_what_was_not_described(store: Store, result: Make) -> None:
    message = (
        "StoreError: benchmark 'b3' is not described\n"
        f"  where  {store.location.shown}\n"
        "  fix    describe it first: store.benchmarks.describe(brick_id, kind, canonical, work)"
    )
    with pytest.raises(StoreError) as accepting:
        store.benchmarks.accept([result(), result(brick_id="b3")], environment=_HERE)
    assert str(accepting.value) == message
    with pytest.raises(StoreError) as reading:
        store.benchmarks.canonical("b3")
    assert str(reading.value) == message
    assert store.benchmarks.rows() == []
    assert store.size().environments == 0


def test_refuses_results_of_an_unknown_environment(store: Store, result: Make) -> None:
    with pytest.raises(StoreError) as caught:
        store.benchmarks.accept([result(fingerprint="f00d")], environment=_HERE)
    assert str(caught.value) == (
        "StoreError: environment 'f00d' of a result is not stored\n"
        f"  where  {store.location.shown}\n"
        "  fix    give the environment with the results: accept(results, environment=…)"
    )


def test_refuses_the_same_measurement_twice_and_stores_nothing_of_it(
    store: Store, result: Make
) -> None:
    store.benchmarks.accept([result()], environment=_HERE)
    message = (
        "StoreError: a result of benchmark 'b1' by ort, started 2026-03-01T12:00:00.000000Z, "
        "is already stored\n"
        f"  where  {store.location.shown}\n"
        "  fix    results are never replaced: measure again, and the later one is read"
    )
    for again in ([result(process=1), result()], [result(batch=2), result(batch=2)]):
        with pytest.raises(StoreError) as caught:
            store.benchmarks.accept(again)
        assert str(caught.value) == message
    assert store.benchmarks.rows() == [result()]


def test_of_one_key_the_newest_is_read_and_the_others_are_kept(store: Store, result: Make) -> None:
    first, second = result(), result(started_utc=_LATER, samples_ns=[900])
    store.benchmarks.accept([first], environment=_HERE)
    store.benchmarks.accept([second])
    assert store.benchmarks.rows() == [second]
    best = store.benchmarks.best("b1", _HERE.fingerprint)
    assert best is not None
    assert best.median_ns == 900
    assert store.benchmarks.history(first.key) == [first, second]
    assert store.size().benchmark_results == 2


def test_the_newest_is_the_one_stored_last_whatever_its_clock_said(
    store: Store, result: Make
) -> None:
    """A clock that is set back does not let what was measured before hide what was since."""
    before = result(started_utc=_LATER)
    failed = result(status="failed", reason="it crashed", samples_ns=())
    after = result(started_utc="2026-02-01T00:00:00Z", samples_ns=[900])
    store.benchmarks.accept([before], environment=_HERE)
    store.benchmarks.accept([failed])
    assert store.benchmarks.rows() == [failed]
    assert store.benchmarks.present([before.key]) == set()
    store.benchmarks.accept([after])
    assert store.benchmarks.rows() == [after]
    assert store.benchmarks.present([before.key]) == {before.key}
    assert store.benchmarks.history(before.key) == [before, failed, after]


def test_of_one_batch_the_last_is_the_newest(store: Store, result: Make) -> None:
    days = [f"2026-03-{day:02d}T00:00:00.000000Z" for day in (4, 9, 2, 7, 5)]
    store.benchmarks.accept([result(started_utc=day) for day in days], environment=_HERE)
    assert [each.started_utc for each in store.benchmarks.history(result().key)] == days
    assert [each.started_utc for each in store.benchmarks.rows()] == days[-1:]


def test_a_rerun_skips_what_is_measured_or_cannot_be(store: Store, result: Make) -> None:
    measured, refused = result(), result(status="unsupported", reason="no", samples_ns=(), batch=2)
    failed = result(status="failed", reason="it crashed", samples_ns=(), batch=3)
    wrong = result(status="wrong", reason="off by one", batch=4)
    never = result(batch=5)
    store.benchmarks.accept([measured, refused, failed, wrong], environment=_HERE)
    keys = [each.key for each in (measured, refused, failed, wrong, never)]
    assert store.benchmarks.present(keys) == {measured.key, refused.key}
    assert store.benchmarks.present([]) == set()
    later = replace(failed, status="ok", reason="", samples_ns=(4,), started_utc=_LATER)
    store.benchmarks.accept([later, replace(wrong, key=measured.key, started_utc=_LATER)])
    assert store.benchmarks.present(keys) == {failed.key, refused.key}


@pytest.mark.parametrize("name", ["batch", "threads", "process"])
def test_no_number_stands_for_another(name: str, store: Store, result: Make) -> None:
    by_value = {value: result(**{name: value}) for value in (-1, 0, 1)}
    store.benchmarks.accept(by_value.values(), environment=_HERE)
    for value, expected in by_value.items():
        assert store.benchmarks.rows(BenchmarkFilter(**{name: value})) == [expected]
        assert store.benchmarks.present([expected.key]) == {expected.key}
    assert store.benchmarks.rows(BenchmarkFilter(**{name: 2})) == []


@pytest.mark.parametrize("name", ["algorithm", "layout", "math", "in_place", "protocol", "dtype"])
def test_no_text_stands_for_another(name: str, store: Store, result: Make) -> None:
    by_value = {value: result(**{name: value}) for value in ("", "a", "A", "%", "*")}
    store.benchmarks.accept(by_value.values(), environment=_HERE)
    for value, expected in by_value.items():
        assert store.benchmarks.rows(BenchmarkFilter(**{name: value})) == [expected]


def test_rows_are_chosen_by_kind_and_status_of_the_newest(store: Store, result: Make) -> None:
    store.benchmarks.describe("b3", "fused", {"ops": ["Conv", "Relu"]}, {})
    fused = result(brick_id="b3")
    broken = result(status="failed", reason="it crashed", samples_ns=(), started_utc=_LATER)
    store.benchmarks.accept([fused, result(), broken], environment=_HERE)
    assert store.benchmarks.rows(BenchmarkFilter(kind="fused")) == [fused]
    assert store.benchmarks.rows(BenchmarkFilter(status="ok")) == [fused]
    assert store.benchmarks.rows(BenchmarkFilter(kind="layer", status="ok")) == []
    assert store.benchmarks.rows(BenchmarkFilter(status="failed")) == [broken]


def test_rows_come_in_the_order_of_their_keys(store: Store, result: Make) -> None:
    some = [result(algorithm=name) for name in ("ä", "a", "Z", "_", "")]
    store.benchmarks.accept(some, environment=_HERE)
    assert [each.key.algorithm for each in store.benchmarks.rows()] == ["", "Z", "_", "a", "ä"]


def test_the_best_is_the_fastest_that_is_right(store: Store, result: Make) -> None:
    slow, fast = result(algorithm="gemm", samples_ns=[50]), result(algorithm="fft", samples_ns=[9])
    some = [
        slow,
        fast,
        result(algorithm="winograd", samples_ns=[1], status="wrong", reason="off by 0.1"),
        result(algorithm="gemm", samples_ns=[2], batch=2),
        result(brick_id="b2", samples_ns=[3]),
        result(fingerprint=_THERE.fingerprint, samples_ns=[4]),
    ]
    store.benchmarks.accept(some[:-1], environment=_HERE)
    store.benchmarks.accept(some[-1:], environment=_THERE)
    best = store.benchmarks.best
    assert best("b1", _HERE.fingerprint, BenchmarkFilter(batch=1)) == fast
    assert best("b1", _HERE.fingerprint, BenchmarkFilter(algorithm="gemm", batch=1)) == slow
    assert best("b1", _HERE.fingerprint, BenchmarkFilter(algorithm="winograd")) is None
    assert best("b1", "f00d") is None


def test_of_equally_fast_ones_the_best_is_always_the_same(store: Store, result: Make) -> None:
    store.benchmarks.accept([result(algorithm="b"), result(algorithm="a")], environment=_HERE)
    found = store.benchmarks.best("b1", _HERE.fingerprint)
    assert found is not None
    assert found.key.algorithm == "a"


def test_refuses_to_mix_environments_unless_they_are_compared(store: Store, result: Make) -> None:
    here, there = result(), result(fingerprint=_THERE.fingerprint)
    store.benchmarks.accept([here], environment=_HERE)
    store.benchmarks.accept([there], environment=_THERE)
    with pytest.raises(StoreError) as caught:
        store.benchmarks.rows()
    named = sorted([(_HERE.fingerprint, "lab"), (_THERE.fingerprint, "field")])
    listing = " and ".join(f"{name} ({fingerprint[:12]})" for fingerprint, name in named)
    assert str(caught.value) == (
        f"StoreError: the results come from 2 environments: {listing}\n"
        f"  where  {store.location.shown}\n"
        "  fix    choose one with fingerprint=…, or set them side by side with compare=True"
    )
    assert len(store.benchmarks.rows(compare=True)) == 2
    assert store.benchmarks.rows(BenchmarkFilter(fingerprint=_THERE.fingerprint)) == [there]
    assert store.benchmarks.fingerprints() == tuple(each for each, _ in named)
    assert store.benchmarks.count() == 2


def test_refuses_to_mix_versions_of_the_tool_unless_told_to(store: Store, result: Make) -> None:
    old, new = result(), result(tool_version="0.2.0", samples_ns=[1])
    store.benchmarks.accept([old, new], environment=_HERE)
    message = (
        "StoreError: the results were measured by 2 versions of the tool: '0.1.0' and '0.2.0'\n"
        f"  where  {store.location.shown}\n"
        "  fix    choose one with tool_version=…, or pass mixed_versions=True"
    )
    for ask in (store.benchmarks.rows, lambda: store.benchmarks.best("b1", _HERE.fingerprint)):
        with pytest.raises(StoreError) as caught:
            ask()
        assert str(caught.value) == message
    assert store.benchmarks.rows(mixed_versions=True) == [old, new]
    assert store.benchmarks.best("b1", _HERE.fingerprint, mixed_versions=True) == new
    only = BenchmarkFilter(tool_version="0.1.0")
    assert store.benchmarks.best("b1", _HERE.fingerprint, only) == old


def test_an_unknown_result_is_refused(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.benchmarks.result("f00d")
    assert str(caught.value) == (
        "StoreError: there is no benchmark result 'f00d'\n"
        f"  where  {store.location.shown}\n"
        "  fix    use the id of a result that was read from this store"
    )


def test_an_environment_is_found_by_how_its_fingerprint_begins(
    store: Store, result: Make, tmp_path: Path
) -> None:
    store.benchmarks.accept([result()], environment=_HERE)
    store.benchmarks.accept([result(fingerprint=_THERE.fingerprint)], environment=_THERE)
    found = store.benchmarks.environment(_THERE.fingerprint[:12])
    assert found.fingerprint == _THERE.fingerprint
    first, second = (each[:12] for each in sorted((_HERE.fingerprint, _THERE.fingerprint)))
    for beginning, count in (("", 2), ("x", 0)):
        with pytest.raises(StoreError) as caught:
            store.benchmarks.environment(beginning)
        assert str(caught.value) == (
            f"StoreError: {count} environments with results begin with {beginning!r}\n"
            f"  where  {store.location.shown}\n"
            f"  fix    use one of {first}, {second}"
        )
    with Store.open(tmp_path / "other") as other, pytest.raises(StoreError) as caught:
        other.benchmarks.environment("x")
    assert caught.value.fix == "read some: dlscope bound import FILE"


def test_an_export_that_cannot_be_written_says_so(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "results.jsonl"
    with pytest.raises(FileError) as caught:
        store.benchmarks.export(path)
    assert caught.value.describe() == (
        "FileError: the file cannot be written: No such file or directory\n"
        f"  where  {path}\n"
        "  fix    name a file in a folder that exists and that you may write to"
    )


def test_the_environment_outlives_the_runs_that_share_it(store: Store, result: Make) -> None:
    store.accept(sample_run("r1"))
    store.benchmarks.accept([result()])
    store.delete("r1")
    assert store.environment(_HERE.fingerprint) == replace(_HERE, volatile={})
    assert store.benchmarks.rows() == [result()]


def test_the_size_counts_benchmarks_and_vacuum_keeps_them(store: Store, result: Make) -> None:
    store.benchmarks.accept([result(), result(started_utc=_LATER)], environment=_HERE)
    size = store.vacuum()
    assert (size.runs, size.environments) == (0, 1)
    assert (size.benchmarks, size.benchmark_results) == (2, 2)
    assert len(store.benchmarks.history(result().key)) == 2


def test_exports_and_imports(store: Store, result: Make, tmp_path: Path) -> None:
    some = [result(), result(started_utc=_LATER, extra={"a": [1]}), result(brick_id="b2")]
    there = result(fingerprint=_THERE.fingerprint)
    store.benchmarks.accept(some, environment=_HERE)
    store.benchmarks.accept([there], environment=_THERE)
    path = tmp_path / "results.jsonl"
    assert store.benchmarks.export(path, BenchmarkFilter(brick_id="b1")) == 3
    assert store.benchmarks.export(path) == 1
    assert store.benchmarks.export(path) == 0
    with Store.open(tmp_path / "other") as other:
        assert other.benchmarks.import_(path) == Imported(stored=4, known=0)
        assert other.benchmarks.import_(path) == Imported(stored=0, known=4)
        assert other.benchmarks.rows(compare=True) == store.benchmarks.rows(compare=True)
        assert other.benchmarks.history(some[0].key) == some[:2]
        assert other.benchmarks.benchmark("b2") == store.benchmarks.benchmark("b2")
        assert other.environment(_THERE.fingerprint) == replace(_THERE, volatile={})


def test_an_import_is_the_newest_only_where_it_began_later(
    store: Store, result: Make, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    days = [f"2026-03-{day:02d}T00:00:00.000000Z" for day in range(1, 6)]
    theirs, mine = ([result(started_utc=days[day]) for day in some] for some in ((0, 1, 4), (3, 2)))
    with Store.open(tmp_path / "other") as other:
        for brick_id, op in (("b1", "Conv"), ("b2", "Relu")):
            other.benchmarks.describe(brick_id, "layer", {"op": op}, {"flop": 10})
        other.benchmarks.accept([*theirs[:2], result(brick_id="b2")], environment=_HERE)
        other.benchmarks.export(path)
        store.benchmarks.accept(mine, environment=_HERE)
        assert store.benchmarks.import_(path) == Imported(stored=3, known=0)
        assert store.benchmarks.history(mine[0].key) == [*theirs[:2], *mine]
        other.benchmarks.accept(theirs[2:])
        other.benchmarks.export(path)
    assert store.benchmarks.import_(path) == Imported(stored=1, known=3)
    assert store.benchmarks.history(mine[0].key) == [*theirs[:2], *mine, theirs[2]]
    assert store.benchmarks.rows(BenchmarkFilter(brick_id="b2")) == [result(brick_id="b2")]


def test_an_import_that_contradicts_the_store_stores_nothing(
    store: Store, result: Make, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    store.benchmarks.accept([result(), result(batch=2)], environment=_HERE)
    store.benchmarks.export(path)
    with Store.open(tmp_path / "other") as other:
        other.benchmarks.describe("b1", "layer", {"op": "Conv"}, {})
        other.benchmarks.accept([result(batch=2, samples_ns=[7])], environment=_HERE)
        with pytest.raises(StoreError, match="a result of benchmark 'b1' by ort, started"):
            other.benchmarks.import_(path)
        assert other.benchmarks.rows() == [result(batch=2, samples_ns=[7])]


def test_an_import_leaves_the_work_of_a_known_benchmark_alone(
    store: Store, result: Make, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    store.benchmarks.accept([result()], environment=_HERE)
    store.benchmarks.export(path)
    store.benchmarks.describe("b1", "layer", {"op": "Conv"}, {"flop": 11})
    store.benchmarks.import_(path)
    assert store.benchmarks.benchmark("b1").work == {"flop": 11}


def test_an_import_may_refer_to_what_is_stored_and_to_nothing_else(
    store: Store, result: Make, tmp_path: Path
) -> None:
    path = tmp_path / "results.jsonl"
    store.benchmarks.accept([result()], environment=_HERE)
    store.benchmarks.export(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith('{"benchmark"')))
    with Store.open(tmp_path / "other") as other:
        with pytest.raises(StoreError, match="benchmark 'b1' is not described"):
            other.benchmarks.import_(path)
        assert other.size().environments == 0
        other.benchmarks.describe("b1", "layer", {"op": "Conv"}, {})
        assert other.benchmarks.import_(path) == Imported(stored=1, known=0)


def test_a_missing_file_is_a_stated_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        store.benchmarks.import_(tmp_path / "none.jsonl")
    assert str(caught.value) == (
        "StoreError: the file of results cannot be read: No such file or directory\n"
        f"  where  {tmp_path / 'none.jsonl'}\n"
        "  fix    give a file that `export` wrote"
    )


def test_imports_a_file_of_google_benchmark(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(
        '{"context": {"date": "2019-09-23 18:02:45", "host_name": "k80"}, "benchmarks": ['
        '{"name": "BM_Conv/64", "real_time": 1.25, "time_unit": "us"},'
        '{"name": "BM_Conv/64_mean", "real_time": 1.25, "time_unit": "us"}]}'
    )
    assert store.benchmarks.import_google_benchmark(path) == Imported(1, 0, left_out=1)
    assert store.benchmarks.import_google_benchmark(path) == Imported(0, 1, left_out=1)
    (row,) = store.benchmarks.rows(BenchmarkFilter(implementation="imported"))
    assert (row.key.brick_id, row.samples_ns) == ("BM_Conv/64", (1250,))
    assert store.environment(row.key.fingerprint).system["name"] == "k80"


def test_a_damaged_database_is_a_stated_error(
    key: Callable[..., BenchmarkKey], tmp_path: Path
) -> None:
    with Store.open(tmp_path) as store:
        connection = sqlite3.connect(tmp_path / "dlscope.sqlite")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    path = tmp_path / "dlscope.sqlite"
    spoiled = bytearray(path.read_bytes())
    spoiled[4096:] = b"\xff" * (len(spoiled) - 4096)
    path.write_bytes(spoiled)
    with pytest.raises(StoreError) as caught, Store.open(tmp_path) as store:
        store.benchmarks.present([key()])
    assert caught.value.what == "the database of the store is damaged"


def test_waits_for_a_lock_and_then_refuses(result: Make, tmp_path: Path) -> None:
    with Store.open(tmp_path, busy_timeout_s=0.1) as store:
        store.benchmarks.describe("b1", "layer", {}, {})
        other = sqlite3.connect(tmp_path / "dlscope.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.benchmarks.accept([result()], environment=_HERE)
        assert caught.value.what == "the store is locked by another process"
        other.execute("ROLLBACK")
        other.close()
        assert store.benchmarks.accept([result()], environment=_HERE) == 1


def test_processes_store_all_of_theirs_and_one_of_what_both_have(location: Location) -> None:
    command = [sys.executable, "-c", _RACE, location.url, str(location.folder)]
    racers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in "xy"
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [json.loads(racer.communicate()[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert [answer["own"] for answer in answers] == [_RACES, _RACES]
    assert sum(answer["shared"] for answer in answers) == _RACES
    assert {text for answer in answers for text in answer["refused"]} <= {"is already stored"}
    with Store.open(location.url, folder=location.folder) as store:
        by = {name: store.benchmarks.rows(BenchmarkFilter(implementation=name)) for name in _NAMES}
        assert {name: len(rows) for name, rows in by.items()} == dict.fromkeys(_NAMES, _RACES)
        assert store.size().environments == 1


def test_a_reader_sees_all_of_a_batch_or_nothing(tmp_path: Path, result: Make) -> None:
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other:
        store.benchmarks.describe("b1", "layer", {}, {})
        store.benchmarks.accept([result()], environment=_HERE)
        with other._database.reading() as connection:
            before = connection.exec_driver_sql("SELECT count(*) FROM benchmark_results")
            assert before.scalar_one() == 1
            store.benchmarks.accept([result(batch=2), result(batch=3)])
            again = connection.exec_driver_sql("SELECT count(*) FROM benchmark_results")
            assert again.scalar_one() == 1
        assert len(other.benchmarks.rows()) == 3


def test_two_environments_are_both_named_even_where_one_has_no_name(
    store: Store, result: Make
) -> None:
    bare = Environment({}, "", {}, {})
    store.benchmarks.accept([result()], environment=_HERE)
    store.benchmarks.accept([result(fingerprint=bare.fingerprint)], environment=bare)
    with pytest.raises(StoreError, match="an unnamed system"):
        store.benchmarks.rows()
