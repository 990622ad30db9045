"""The questions of XSP's characterisation, answered in words from its two tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dlscope.core.report import Finding, Sign
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number
from dlscope.reporting.words import plural

Row = Mapping[str, Cell]
_PLACE = "place"
_EVIDENCE, _RANKING = "characterisation", "ranking"
_PEAKS = {"allocation": "memory", "flops": "work", "memory_access": "memory access"}
_WHOLE = 100.0
_PAIR = ("first", "second", "threads", "batch_size")


def characterised(characterisation: Table, ranking: Table) -> tuple[Finding, ...]:
    """One answer to each question for each framework, and one for each two that are compared.

    Where the time of a single model goes, A6 tells.
    """
    has_several = len(set(characterisation.column("model"))) > 1
    found: list[Finding] = []
    for backend, rows in _grouped(_placed(characterisation), ["backend"]).items():
        on = f"on {backend[0]}"
        # A model is told of at its optimal batch.
        best = [row for row in rows if row["optimal_batch"] in (None, row["batch_size"])]
        first = (_where,) if has_several else ()
        for question in (*first, _bound, _outside, _peaks, _limited):
            found.extend(question(on, best))
        for question in (_turns, _batches, _switches):
            found.extend(question(on, rows))
    for pair in _grouped(_placed(ranking), _PAIR).values():
        found.extend(_ranks(pair) if len(pair) > 1 else _difference(*pair))
    return tuple(found)


def _placed(table: Table) -> list[Row]:
    """The rows, each with its number in the table."""
    return [{**row, _PLACE: place} for place, row in enumerate(table)]


def _grouped(rows: Iterable[Row], names: Sequence[str]) -> dict[tuple[Cell, ...], list[Row]]:
    groups: dict[tuple[Cell, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def _where(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Where does the time go?"""
    for (kind,), mine in _grouped(rows, ["dominant_type"]).items():
        if kind is not None:
            told = [f"{_model(row)} {row['dominant_pct']:.0f} %" for row in mine]
            yield _finding(f"{kind} takes most of the layers' time {on}: {listed(told)}", mine)


def _bound(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """What limits the model, and what the layers that take its time?"""
    for (is_bound,), mine in _grouped(rows, ["memory_bound"]).items():
        if is_bound is None:
            continue
        limit, other = ("memory", "compute") if is_bound else ("compute", "memory")
        unlike = [row for row in mine if row["dominant_memory_bound"] is (not is_bound)]
        detail = f"the layers that take most of their time are {other} bound in "
        yield _finding(
            f"{limit.capitalize()} bound {on}, by work and bytes of all layers: {_models(mine)}",
            mine,
            detail=detail + _models(unlike) if unlike else "",
        )


def _turns(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Which models are limited by something else at another batch?"""
    for (model, _), mine in _grouped(rows, ["model", "threads"]).items():
        known = [row for row in mine if row["memory_bound"] is not None]
        if len({row["memory_bound"] for row in known}) > 1:
            by_memory, by_computing = (
                listed(str(row["batch_size"]) for row in known if row["memory_bound"] is side)
                for side in (True, False)
            )
            yield _finding(
                f"What limits {model} {on} depends on the batch: memory at {by_memory}, computing "
                f"at {by_computing}",
                known,
            )


def _batches(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """At which batch is each model best used, and how fast is it then and online?"""
    mine = [row for row in rows if row["optimal_batch"] == row["batch_size"]]
    told = [
        f"{_model(row)} {row['batch_size']} ({row['maximum_throughput_per_s']:.3g}/s)"
        for row in mine
    ]
    online = [
        f"{_model(row)} {float(row['online_latency_us'] or 0) / 1e3:.3g} ms"
        for row in mine
        if row["online_latency_us"] is not None
    ]
    if mine:
        detail = f"one input at a time: {listed(online)}" if online else ""
        yield _finding(f"Optimal batch {on}: {listed(told)}", mine, detail=detail)


def _outside(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """How much of the time is spent in the device, or in libraries?"""
    for (inside,), mine in _grouped(rows, ["inside"]).items():
        shares = [float(row["outside_pct"]) for row in mine if row["outside_pct"] is not None]
        if inside is None or not shares:
            continue
        outside = {
            "device": "the device rests",
            "library": "no library works",
            "kernels": "no kernel runs",
        }[str(inside)]
        ends = sorted({f"{share:.0f}" for share in (min(shares), max(shares))}, key=float)
        told = [f"{_model(row)} {row['outside_pct']:.0f} %" for row in mine]
        yield _finding(
            f"{on.capitalize()}, {outside} in {'–'.join(ends)} % of the time",
            mine,
            detail=listed(told),
        )


def _peaks(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """In which part of the network do time, memory, work and accesses peak?"""
    known = [row for row in rows if row["latency_third"] is not None]
    if known:
        yield _finding(
            f"{on.capitalize()}, the most time is spent in {_by_third(known, 'latency')}",
            known,
            detail="; ".join(
                f"{text}: {told}"
                for name, text in _PEAKS.items()
                if (told := _by_third(known, name))
            ),
        )


def _by_third(rows: Sequence[Row], name: str) -> str:
    """`the beginning of a and b, the end of c`."""
    groups = _grouped(rows, [f"{name}_third"])
    return ", ".join(
        f"the {third} of {_models(mine)}" for (third,), mine in groups.items() if third is not None
    )


def _limited(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Which models wait for the host?"""
    limited = [row for row in rows if row["host_limited"]]
    if limited:
        told = [f"{_model(row)} {row['host_pct']:.0f} %" for row in limited]
        yield _finding(
            f"{on.capitalize()}, work of the host is most of {_models(limited)}",
            limited,
            sign="warn",
            detail=listed(told),
            advice="another device changes little; have less decided, selected or sorted",
        )


def _switches(on: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Does the library choose another way at another batch or number of threads?"""
    mine = [row for row in rows if row["switches"]]
    if mine:
        told = [
            f"{row['model']} at batch {row['batch_size']} and "
            f"{plural(int(row['threads'] or 0), 'thread')} "
            f"({plural(int(row['switches'] or 0), 'layer')})"
            for row in mine
        ]
        claim = "The library computes otherwise at another batch or number of threads "
        yield _finding(f"{claim}{on}: {listed(told)}", mine)


def _ranks(rows: Sequence[Row]) -> Iterator[Finding]:
    """Do two frameworks rank the models alike, and what makes each differ?"""
    first, second, _, batch = (rows[0][name] for name in _PAIR)
    alike, tau = rows[0]["alike"], rows[0]["tau"]
    swaps = {
        " and ".join(sorted((str(row["model"]), other))): None
        for row in rows
        for other in str(row["swapped_with"] or "").split(", ")
        if other
    }
    reasons = [_reason(row) for row in rows if row["difference_in"] is not None]
    both = f"{first} and {second}"
    if alike is None:
        claim = f"Whether {both} rank the models alike cannot be told"
    else:
        how = "alike" if alike else "differently"
        claim = f"{both} rank the models {how} (τ = {format_number(float(tau or 0))})"
    yield Finding(
        *("note", f"{claim}, batch {batch}", _RANKING, tuple(_place(row) for row in rows)),
        detail="; ".join([*(f"{pair} change places" for pair in swaps), *reasons]),
    )


def _reason(row: Row) -> str:
    return f"{row['model']} {row['ratio']:.2f}×: {_cause(row)}"


def _cause(row: Row) -> str:
    share = float(row["difference_pct"] or 0)
    part = f"{share:.0f} % of" if share <= _WHOLE else "more than"
    return f"{row['difference_in']} makes {part} the difference"


def _difference(row: Row) -> Iterator[Finding]:
    """Which kind of layers sets two frameworks apart; by how much, A21 tells."""
    if row["difference_in"] is not None:
        pair = f"{row['first']} and {row['second']} in {row['model']}, batch {row['batch_size']}"
        claim = f"{_cause(row)} between {pair}"
        yield Finding("note", claim[:1].upper() + claim[1:], _RANKING, (_place(row),))


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def _models(rows: Iterable[Row]) -> str:
    return listed(dict.fromkeys(_model(row) for row in rows))


def _model(row: Row) -> str:
    """A model, with its threads where they are several: it may be there with one, too."""
    threads = int(row["threads"] or 1)
    return f"{row['model']} with {threads} threads" if threads > 1 else str(row["model"])


def _place(row: Row) -> int:
    return int(row[_PLACE] or 0)


def _finding(
    claim: str, rows: Sequence[Row], *, sign: Sign = "note", detail: str = "", advice: str = ""
) -> Finding:
    places = tuple(_place(row) for row in rows)
    return Finding(sign, claim, _EVIDENCE, places, detail, advice=advice)
