"""How long the runs and compare pages take over a store of 10⁵ Runs, on SQLite and PostgreSQL.

    python benchmarks/store_pages.py [--runs 100000] [--database sqlite] [--folder FOLDER]

The rows are written straight into the database, so that filling it takes seconds; twelve Runs with
samples are stored as any other, for the compare page. Each page is asked for through the whole
application, without a network between; figures are drawn before, as in a server that is warm. The
CPU time beside the wall time is that of the application and of the connections of the server.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine, insert, text
from starlette.testclient import TestClient

from dlscope.store import Store, schema
from dlscope.store.location import Location
from dlscope.testing.analyses import example_run
from dlscope.testing.postgresql import PostgresqlServer

_MODELS = [f"model-{number:02}" for number in range(40)]
_FRAMEWORKS = ["onnxruntime", "openvino", "torch", "ncnn", "litert", "mnn"]
_SCENARIOS = ["online", "batched", "server", "offline"]
_DATABASES = ("sqlite", "postgresql")
_REPEATS = 15


def main() -> None:
    """Fill each store, ask for each page, print a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--database", choices=_DATABASES, help="one alone")
    parser.add_argument("--folder", type=Path, help="a store on SQLite to fill and keep")
    given = parser.parse_args()
    for database in [given.database] if given.database else _DATABASES:
        with contextlib.ExitStack() as stack:
            folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if database == "sqlite":
                _measure(Location.of(folder), given.runs, time.process_time)
                continue
            # The files of a store on a server lie in the user's data folder.
            os.environ["XDG_DATA_HOME"] = str(folder)
            server = stack.enter_context(PostgresqlServer.start())
            location = Location.of(stack.enter_context(server.database()))
            _measure(location, given.runs, lambda at=server: time.process_time() + at.cpu_s)


def _measure(location: Location, count: int, cpu_s: Callable[[], float]) -> None:
    from dlscope.web.app import create_app

    began = time.perf_counter()
    kept = _filled(location, count)
    database, seconds = location.url.partition(":")[0], time.perf_counter() - began
    print(f"{count} runs on {database}, filled in {seconds:.0f} s")
    store = str(location.folder) if location.is_sqlite else location.url
    with TestClient(create_app(store=store), base_url="http://127.0.0.1") as client:
        for name, address in _addresses(kept, count // 100).items():
            ask = partial(_asked, client, address)
            print(_line(name, ask, cpu_s))


def _addresses(kept: list[str], far: int) -> dict[str, str]:
    compared = ",".join(kept)
    return {
        "newest": "/runs",
        "sorted by median": "/runs?sort=p50",
        "sorted by accuracy": "/runs?sort=-value",
        "filtered by model": "/runs?model=model-07",
        "filtered, sorted": "/runs?model=model-07&backend=torch&sort=-p50",
        "searched": "/runs?q=del-13",
        f"page {far}": f"/runs?page={far}",
        "listing, REST": "/api/v1/runs?rows=50",
        "one run": f"/runs/{kept[0]}",
        "compare 12": f"/compare?runs={compared}",
    }


def _asked(client: TestClient, address: str) -> None:
    client.get(address).raise_for_status()


def _line(name: str, ask: Callable[[], None], cpu_s: Callable[[], float]) -> str:
    first, _ = _timed(ask, cpu_s)
    walls, processors = zip(*(_timed(ask, cpu_s) for _ in range(_REPEATS)), strict=True)
    return (
        f"{name:20} first {first:5.0f} ms  median {statistics.median(walls):5.0f} ms  "
        f"worst {max(walls):5.0f} ms  CPU {statistics.mean(processors):5.0f} ms"
    )


def _timed(work: Callable[[], None], cpu_s: Callable[[], float]) -> tuple[float, float]:
    """Wall and CPU time in ms."""
    wall, processor = time.perf_counter(), cpu_s()
    work()
    return (time.perf_counter() - wall) * 1e3, (cpu_s() - processor) * 1e3


def _filled(location: Location, count: int) -> list[str]:
    """Ids of twelve whole Runs, beside `count` of which the database alone knows."""
    kept = [f"r-whole-{number:02}" for number in range(12)]
    with Store.open(location.url, folder=location.folder) as store:
        if store.has(kept[0]):
            return kept
        for number, run_id in enumerate(kept):
            framework = _FRAMEWORKS[number % len(_FRAMEWORKS)]
            store.accept(example_run(run_id, framework=framework, repeat=number))
        whole = store.run(kept[0])
    engine = create_engine(location.url)
    with engine.begin() as connection:
        rows = [_row(number, whole) for number in range(count)]
        connection.execute(insert(schema.runs), rows)
        connection.execute(insert(schema.metrics), [_metric(row["id"]) for row in rows])
    if not location.is_sqlite:
        # A server does so by itself before long; this one is told not to.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ("CHECKPOINT", "VACUUM ANALYZE"):
                connection.execute(text(statement))
    engine.dispose()
    return kept


def _row(number: int, like: object) -> dict[str, object]:
    chance = random.Random(number)
    median = chance.randrange(1_000_000, 90_000_000)
    has_failed = chance.random() < 0.02
    return {
        "id": f"r-{number:012x}",
        "plan_digest": like.plan.digest,  # type: ignore[attr-defined]
        "fingerprint": like.environment.fingerprint,  # type: ignore[attr-defined]
        "status": "failed" if has_failed else "finished",
        "acceptance": "none" if has_failed else "superseded",
        "started_utc": f"2026-{1 + number % 12:02}-{1 + number % 28:02}T12:00:00.{number:06}Z",
        "workload": "evaluation",
        "model": chance.choice(_MODELS),
        "model_version": "1.0.0",
        "framework": chance.choice(_FRAMEWORKS),
        "framework_version": "1.2.3",
        "dataset": "squares",
        "dataset_version": "1.0.0",
        "task": "image_classification",
        "scenario": chance.choice(_SCENARIOS),
        "batch_size": chance.choice((1, 2, 4, 8)),
        "samples": 1500,
        "items": 20,
        "is_valid": not has_failed and chance.random() > 0.05,
        "error": '{"what": "out of memory"}' if has_failed else None,
        "details": "{}",
        "p50_ns": None if has_failed else median,
        "p50_lo_ns": None if has_failed else 0.98 * median,
        "p50_hi_ns": None if has_failed else 1.02 * median,
        "p90_ns": None if has_failed else round(1.1 * median),
        "queries_per_s": None if has_failed else 1e9 / median,
    }


def _metric(run_id: object) -> dict[str, object]:
    value = random.Random(str(run_id)).random()
    names = {"run_id": run_id, "position": 0, "name": "top_1", "unit": ""}
    return {**names, "value": value, "lo": value - 0.1, "hi": value + 0.1, "n": 20, "count": None}


if __name__ == "__main__":
    main()
