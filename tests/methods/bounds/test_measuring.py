from __future__ import annotations

import dataclasses
import os
import tempfile
import threading
from collections.abc import Iterator

import pytest
from single_layers import LAYERS, RESHAPE, RESIDUAL

from dlscope.agents.device_lock import device_lock
from dlscope.core.errors import MeasurementError
from dlscope.core.run import Environment
from dlscope.methods.bounds import measuring
from dlscope.methods.bounds.implementations.registry import NAMES
from dlscope.methods.bounds.measuring import MeasuringOptions, Progress, measure, results
from dlscope.methods.bounds.timing import StopRule
from dlscope.stacks.fingerprint import environment
from dlscope.store.base import Store
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult

QUICK = StopRule(seconds=0.01)
HERE = "misbehaving:Misbehaving"
RELU = LAYERS["relu"]


@pytest.fixture(autouse=True)
def _reachable(monkeypatch, request) -> None:
    """The child finds the implementations of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(request.path.parent), prepend=os.pathsep)


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path) -> None:
    """Waits for no measurement outside these tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def here() -> Environment:
    return environment()


def quick(*implementations: str, **more: object) -> MeasuringOptions:
    asked = {"implementations": implementations or ("ort",), "stop": QUICK, **more}
    return MeasuringOptions(**asked)  # type: ignore[arg-type]


def unstored(options: MeasuringOptions, *bricks: object, **more: object) -> list[BenchmarkResult]:
    found = results(bricks or [RELU], "here", options, present=lambda _: set(), **more)
    return list(found)


def test_every_kind_of_trouble_is_a_result_and_the_rest_goes_on() -> None:
    found = {each.key.algorithm: each for each in unstored(quick(HERE))}
    assert {name: (each.status, each.reason[:40]) for name, each in found.items()} == {
        "dies": ("failed", "the measuring process ended with code -9: last words"[:40]),
        "raises": ("failed", "the measuring process ended with code 1: Zero"[:40]),
        "refuses": ("unsupported", "not this size"),
        "is wrong": ("wrong", "differs from the reference by 1 of its m"),
        "is nothing": ("wrong", "differs from the reference by inf of its"),
        "works": ("ok", ""),
        "cannot": ("unsupported", "it never learnt to"),
    }
    assert {each.key.dtype for each in found.values()} == {"float32"}


def test_an_implementation_that_cannot_say_what_it_can_do_has_failed() -> None:
    (found, after) = unstored(quick("misbehaving:DiesAtOnce", "ort"))
    assert (found.status, found.key.implementation) == ("failed", "misbehaving:DiesAtOnce")
    assert found.reason == "the measuring process ended with code -9: last words"
    assert after.status == "ok"


def test_a_result_says_under_which_conditions_it_was_measured() -> None:
    options = quick("ort", threads=1, batch=8, process=2)
    (found,) = unstored(options)
    key = dataclasses.asdict(found.key)
    versions = {key.pop("implementation_version"), key.pop("tool_version")}
    assert all(versions)
    assert key == {
        "brick_id": RELU.id,
        "fingerprint": "here",
        "implementation": "ort",
        "algorithm": "",
        "dtype": "float32",
        "layout": "plain",
        "math": "",
        "batch": 8,
        "threads": 1,
        "state": "hot",
        "scope": "",
        "in_place": "",
        "clock": "wall",
        "protocol": options.protocol,
        "process": 2,
    }


def test_samples_are_without_the_overhead_which_is_kept() -> None:
    (found,) = unstored(quick("ort"), LAYERS["dense"])
    assert found.n >= 15
    assert found.extra["overhead_ns"] > 0
    assert found.extra["calls"] >= 1
    assert found.extra["family"] == "mlas"
    assert found.extra["relative_error"] < 1e-4
    assert "raw_ns" not in found.extra


def test_where_a_sample_is_shorter_than_the_overhead_the_raw_ones_are_kept() -> None:
    answer = {"status": "ok", "reason": "", "raw_ns": [5, 9], "overhead_ns": 7, "calls": 3}
    bench = measuring._Bench(RELU, "ort", "here", quick("ort"), None)  # type: ignore[arg-type]
    found = bench._result(bench._key("1", {}), answer, "2026-01-01T00:00:00Z")
    assert list(found.samples_ns) == [0, 2]
    assert found.extra == {"raw_ns": [5, 9], "overhead_ns": 7, "calls": 3}


def test_another_way_of_timing_is_another_protocol() -> None:
    protocols = {
        quick().protocol,
        quick(stop=StopRule()).protocol,
        quick(stop=StopRule(samples=20)).protocol,
    }
    assert len(protocols) == 3
    assert quick(process=1, threads=2, refresh=True).protocol == quick().protocol


def test_what_is_stored_is_not_measured_again_unless_it_should_be(store, here) -> None:
    bricks = [RELU, RESIDUAL]
    assert measure(store.benchmarks, bricks, here, quick("ort", dtypes=("float32",))) == 3
    assert measure(store.benchmarks, bricks, here, quick("ort")) == 0
    assert measure(store.benchmarks, bricks, here, quick("ort", dtypes=("bfloat16",))) == 2
    assert measure(store.benchmarks, [RELU], here, quick("ort", refresh=True)) == 1
    rows = store.benchmarks.rows()
    assert sorted((each.status, each.key.algorithm) for each in rows) == [
        ("ok", ""),
        ("ok", ""),
        ("ok", "fused"),
        ("unsupported", ""),
        ("unsupported", ""),
    ]
    (relu,) = store.benchmarks.rows(BenchmarkFilter(brick_id=RELU.id, status="ok"))
    assert len(store.benchmarks.history(relu.key)) == 2


def test_bricks_are_stored_with_their_form_and_their_work(store, here) -> None:
    measure(store.benchmarks, [LAYERS["dense"]], here, quick("ort"))
    assert store.benchmarks.canonical(LAYERS["dense"].id) == LAYERS["dense"].to_json()
    work = measuring._work(LAYERS["dense"])
    assert (work["macs"], work["complete"]) == (48 * 8 * 8 * 32 * 9, True)


def test_views_cost_nothing_and_are_not_measured(store, here) -> None:
    assert measure(store.benchmarks, [RESHAPE], here, quick("ort")) == 0
    assert store.benchmarks.rows() == []
    assert unstored(quick("ort"), RESHAPE) == []


def test_what_was_measured_before_an_interruption_is_stored(store, here) -> None:
    told: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise KeyboardInterrupt

    bricks = [RELU, LAYERS["sigmoid"], LAYERS["softmax"]]
    with pytest.raises(KeyboardInterrupt):
        measure(store.benchmarks, bricks, here, quick("ort"), interrupt)
    stored = {each.key.brick_id for each in store.benchmarks.rows()}
    assert stored == {RELU.id}
    assert measure(store.benchmarks, bricks, here, quick("ort")) == 2


def test_says_that_another_measurement_must_end_first(store, here) -> None:
    waits: list[str] = []
    with device_lock(lambda: None):
        other = threading.Thread(
            target=measure,
            args=(store.benchmarks, [RELU], here, quick("ort")),
            kwargs={"on_wait": lambda: (waits.append("waiting"), told.set())},
        )
        told = threading.Event()
        other.start()
        assert told.wait(30)
        assert store.benchmarks.rows() == []
    other.join(60)
    assert waits == ["waiting"]
    assert len(store.benchmarks.rows()) == 1


def test_progress_tells_of_every_result_and_every_brick() -> None:
    told: list[Progress] = []
    found = unstored(quick("ort"), RELU, LAYERS["sigmoid"], progress=told.append)
    assert [(each.done, each.bricks) for each in told] == [(0, 2), (1, 2), (1, 2), (2, 2)]
    assert [each.result for each in told if each.result] == found


def test_by_default_all_implementations_are_asked_for_in_float32() -> None:
    options = MeasuringOptions()
    assert (options.implementations, options.dtypes) == (tuple(NAMES), ("float32",))


@pytest.mark.slow
def test_every_implementation_is_measured_in_every_type(store, here) -> None:
    bricks = [LAYERS["dense"], LAYERS["gemm"]]
    options = quick(*NAMES, dtypes=("float32", "bfloat16", "int8"))
    measure(store.benchmarks, bricks, here, options)
    rows = store.benchmarks.rows()
    assert {each.key.implementation for each in rows} == set(NAMES)
    assert {each.status for each in rows} <= {"ok", "unsupported"}
    families = {
        each.extra["family"]
        for each in rows
        if each.status == "ok" and each.key.brick_id == LAYERS["dense"].id
    }
    assert families == {"mlas", "onednn"}


@pytest.mark.parametrize(
    ("asked", "what", "fix"),
    [
        ({"threads": 0}, "0 threads compute nothing", "ask for 1 thread or more"),
        (
            {"implementations": ()},
            "no implementation, or no type to compute in, is asked for",
            "ask for one at least of each",
        ),
        (
            {"dtypes": ()},
            "no implementation, or no type to compute in, is asked for",
            "ask for one at least of each",
        ),
    ],
)
def test_refuses_to_measure_nothing(asked, what, fix) -> None:
    with pytest.raises(MeasurementError) as caught:
        MeasuringOptions(**asked)
    assert str(caught.value) == (
        f"MeasurementError: {what}\n  where  measuring of bricks\n  fix    {fix}"
    )
