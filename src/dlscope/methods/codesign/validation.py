"""The hardware models held against published accelerators: table `validation`, and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.methods.codesign.exact_designs import exact_records
from dlscope.methods.codesign.folded_fits import FoldedFit, folded_fits
from dlscope.methods.codesign.published_designs import published_designs

Record = Mapping[str, Cell]

_OPERATIONS = 1e9 / 1e12  # GOP a second, as TOP a second
_COLUMNS = (
    Column("case", "str", "published design, or the split of a fit"),
    Column("device", "str", "hardware model that is held against it", role="id"),
    Column("figure", "str", "what is compared"),
    Column("unit", "str", "unit of the two figures", priority=2),
    Column("predicted", "float", "what the model says", role="value"),
    Column("reference", "float", "what it is compared with", role="value"),
    Column("error", "float", "predicted / reference − 1, of a mean error itself", "share", "share"),
    Column("limit", "float", "largest error, or smallest correlation, that is accepted"),
    Column(
        "holds", "bool", "whether it is within its limit; absent where none is set", role="verdict"
    ),
    Column("confidence", "str", "public, printed, recalled or derived", priority=2),
    Column("source", "str", "where the reference comes from", priority=3),
)
_SPLIT_COLUMNS = (
    Column("split", "str", "what was learnt from and what was predicted"),
    Column("form", "str", "simple, or tiled"),
    Column("rows", "int", "rows that were predicted", role="count"),
    Column("mape", "float", "mean of |predicted / published − 1|", "share", "share"),
    Column("worst", "float", "largest of them", "share", "share"),
    Column("spearman", "float", "rank correlation", role="value"),
    Column("efficiency", "float", "share η of the peak that is reached", role="value"),
    Column("bandwidth_bytes_per_s", "float", "bandwidth BW of memory", "bytes/s", "value"),
    Column("overhead_ns", "float", "what every layer adds, t₀", "ns", "value"),
)
_PREDICTION_COLUMNS = (
    Column("split", "str", "what was learnt from and what was predicted"),
    Column("form", "str", "simple, or tiled"),
    Column("network", "str", "network, convolutions only"),
    Column("device", "str", "part"),
    Column("dsp", "int", "DSPs of the arithmetic", role="count"),
    Column("bits", "int", "bits of weights and activations", role="count"),
    Column("predicted_fps", "float", "rate that the fit predicts", "1/s", "value"),
    Column("published_fps", "float", "published rate", "1/s", "value"),
    Column("error", "float", "predicted / published − 1", "share", "share"),
)
_SHOWN = ("case", "figure", "predicted", "reference", "error", "limit", "holds")
_METHOD = (
    "Exact designs follow from their published plan by arithmetic; nothing is fitted, and their "
    "figures must be equal to the digit. The folded accelerator has three constants, fitted by "
    "least squares of the logarithm of the rate to some rows of a public table; the others are "
    "predicted, and their error is what counts. The simple form was fixed beforehand; the tiled "
    "one was chosen among 34 with all errors in sight, so its gain is an indication. Rates of "
    "measured accelerators may not exceed the peak of their arithmetic. Published rates without a "
    "limit are shown beside the model, never "
    "as a check."
)


def validation_table(fits: Sequence[FoldedFit]) -> Table:
    """Every comparison, exact designs first, then fits, then what no measurement may exceed."""
    records = [*exact_records(), *_fit_records(fits), *_peak_records()]
    return Table.of("validation", _COLUMNS, records)


def splits_table(fits: Sequence[FoldedFit]) -> Table:
    """How well each form predicts on each split, and the constants that were found."""
    records: list[Record] = [
        {
            "split": fit.split.name,
            "form": fit.form,
            "rows": fit.error.n,
            "mape": fit.error.mape,
            "worst": fit.error.worst,
            "spearman": fit.error.spearman,
            "efficiency": fit.roofline.efficiency,
            "bandwidth_bytes_per_s": fit.roofline.bytes_per_s,
            "overhead_ns": fit.roofline.overhead_s * 1e9,
        }
        for fit in fits
    ]
    return Table.of("splits", _SPLIT_COLUMNS, records)


def predictions_table(fits: Sequence[FoldedFit]) -> Table:
    """Every rate that was predicted beside the published one."""
    records: list[Record] = [
        {
            "split": fit.split.name,
            "form": fit.form,
            "network": row.network,
            "device": row.device,
            "dsp": row.dsp,
            "bits": row.bits,
            "predicted_fps": fps,
            "published_fps": row.fps,
            "error": fps / row.fps - 1,
        }
        for fit in fits
        for row, fps in zip(fit.rows, fit.predicted_fps, strict=True)
    ]
    return Table.of("predictions", _PREDICTION_COLUMNS, records)


def validation_report(*, command: str = "dlscope codesign validate") -> Report:
    """The hardware models against all published designs that ship with dlscope."""
    fits = folded_fits()
    checks, splits = validation_table(fits), splits_table(fits)
    return Report(
        title="Hardware models against published designs",
        answer=_answer(checks, fits),
        tables=(checks, splits, predictions_table(fits)),
        findings=tuple(_findings(checks)),
        sections=(
            Section("Every comparison", (checks.view(*_SHOWN),)),
            Section("The folded accelerator, fitted and held out", (splits,)),
            Section("How this is compared", (Prose(_METHOD),)),
        ),
        command=command,
    )


def _fit_records(fits: Sequence[FoldedFit]) -> Iterator[Record]:
    table = published_designs()["recursive"]
    for fit in fits:
        if fit.split.most_mape is None:
            continue
        shared = {
            "case": f"{fit.split.name} ({fit.form})",
            "device": "fpga_tiled" if fit.form == "tiled" else "fpga_recursive",
            "unit": "share",
            "confidence": table["confidence"],
            "source": table["source"],
        }
        mape, rank = fit.error.mape, fit.error.spearman
        most, least = fit.split.most_mape, fit.split.least_spearman or -1.0
        yield {
            **shared,
            "figure": "held-out mape",
            "predicted": mape,
            "error": mape,
            "limit": most,
            "holds": mape <= most,
        }
        yield {
            **shared,
            "figure": "held-out spearman",
            "predicted": rank,
            "limit": least,
            "holds": rank >= least,
        }


def _peak_records() -> Iterator[Record]:
    table = published_designs()["roofline"]
    for row in table["rows"]:
        reached = row["gop"] * row["fps"] * _OPERATIONS
        yield {
            "case": row["case"],
            "device": "roofline",
            "figure": "operations a second, at most the peak",
            "unit": "TOP/s",
            "predicted": reached,
            "reference": float(row["peak_top_s"]),
            "error": reached / row["peak_top_s"] - 1,
            "limit": 0.0,
            "holds": reached <= row["peak_top_s"],
            "confidence": table["confidence"],
            "source": table["source"],
        }


def _answer(checks: Table, fits: Sequence[FoldedFit]) -> str:
    verdicts = [each for each in checks.column("holds") if each is not None]
    held_out = [
        format_percent(fit.error.mape, 1)
        for fit in fits
        if fit.form == "tiled" and fit.split.most_mape is not None
    ]
    return (
        f"{sum(map(bool, verdicts))} of {len(verdicts)} checks hold; the tiled folded model is "
        f"{', '.join(held_out)} off on average on rows that its constants were not fitted to."
    )


def _findings(checks: Table) -> Iterator[Finding]:
    for place, row in enumerate(checks):
        if row["holds"] is False:
            yield Finding("bad", f"{row['case']}: {row['figure']} is beyond its limit",
                          checks.name, (place,))  # fmt: skip
        elif str(row["figure"]).startswith("over_budget") and row["holds"]:
            claim = f"{row['case']} takes more DSPs than its part has"
            detail = "the published build puts lanes elsewhere, in LUTs or narrower weights"
            yield Finding("note", claim, checks.name, (place,), detail)
