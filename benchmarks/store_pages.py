"""How long the runs and compare pages take over a store of 10⁵ Runs.

python benchmarks/store_pages.py [--runs 100000] [--store FOLDER]

The rows are written straight into the database, so that filling it takes seconds; twelve Runs with
samples are stored as any other, for the compare page. Each page is asked for through the whole
application, without a network between; figures are drawn before, as in a server that is warm.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import create_engine, insert

from dlscope.store import Store, schema
from dlscope.testing.analyses import example_run

_MODELS = [f"model-{number:02}" for number in range(40)]
_FRAMEWORKS = ["onnxruntime", "openvino", "torch", "ncnn", "litert", "mnn"]
_SCENARIOS = ["online", "batched", "server", "offline"]
_REPEATS = 15


def main() -> None:
    """Fill a store, ask for each page, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    with _folder(given.store) as folder:
        kept = _filled(folder, given.runs)
        print(f"{given.runs} runs")
        from starlette.testclient import TestClient

        from dlscope.web.app import create_app

        app = create_app(store=str(folder))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            for name, address in _addresses(kept).items():
                print(_line(name, lambda asked=address: client.get(asked).raise_for_status()))


def _addresses(kept: list[str]) -> dict[str, str]:
    compared = ",".join(kept)
    return {
        "newest": "/runs",
        "sorted by median": "/runs?sort=p50",
        "sorted by accuracy": "/runs?sort=-value",
        "filtered by model": "/runs?model=model-07",
        "filtered, sorted": "/runs?model=model-07&backend=torch&sort=-p50",
        "searched": "/runs?q=del-13",
        "page 1000": "/runs?page=1000",
        "listing, REST": "/api/v1/runs?rows=50",
        "one run": f"/runs/{kept[0]}",
        "compare 12": f"/compare?runs={compared}",
    }


def _line(name: str, ask: Callable[[], object]) -> str:
    first = _timed(ask)
    times = [_timed(ask) for _ in range(_REPEATS)]
    middle, worst = statistics.median(times), max(times)
    return f"{name:20} first {first:5.0f} ms  median {middle:5.0f} ms  worst {worst:5.0f} ms"


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="dlscope-pages-") as folder:
        yield Path(folder)


def _filled(folder: Path, count: int) -> list[str]:
    """Ids of twelve whole Runs, beside `count` of which the database alone knows."""
    kept = [f"r-whole-{number:02}" for number in range(12)]
    with Store.open(folder) as store:
        if store.has(kept[0]):
            return kept
        for number, run_id in enumerate(kept):
            framework = _FRAMEWORKS[number % len(_FRAMEWORKS)]
            store.accept(example_run(run_id, framework=framework, repeat=number))
        whole = store.run(kept[0])
    engine = create_engine(store.location.url)
    with engine.begin() as connection:
        rows = [_row(number, whole) for number in range(count)]
        connection.execute(insert(schema.runs), rows)
        connection.execute(insert(schema.metrics), [_metric(row["id"]) for row in rows])
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
