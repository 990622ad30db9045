"""A report as an evaluation makes it: four tables, findings, sections, facts and figures."""

from __future__ import annotations

from dlscope.core.report import Facts, Finding, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.reporting import charts

ACCURACY = Table.of(
    "accuracy",
    [
        Column("framework", "str", "framework and version", role="id"),
        Column("right", "int", "items whose best answer is the label", role="count"),
        Column("items", "int", "items answered", role="count", priority=2),
        Column(
            "top1_share",
            "float",
            "share of right answers",
            "share",
            "value",
            lo="top1_lo",
            hi="top1_hi",
        ),
        Column("top1_lo", "float", "lower end, Wilson 95 %", "share", "interval"),
        Column("top1_hi", "float", "upper end, Wilson 95 %", "share", "interval"),
    ],
    [
        {
            "framework": name,
            "right": 18,
            "items": 20,
            "top1_share": 0.9,
            "top1_lo": 0.699,
            "top1_hi": 0.972,
        }
        for name in ("openvino 2026.4.1", "onnxruntime 1.31.1", "reference (NumPy)")
    ],
    title="Accuracy",
    note="20 photographs, Wilson 95 % intervals",
)

_LATENCY = (
    ("openvino 2026.4.1", 18_900_000, 18_600_000, 19_300_000, 20_100_000, 52.6, "valid"),
    ("onnxruntime 1.31.1", 19_800_000, 19_500_000, 20_200_000, 21_200_000, 50.3, "valid"),
    ("opencv-dnn 5.0", 50_200_000, 49_400_000, 51_800_000, 58_100_000, 19.8, "valid"),
    ("ncnn 1.0", 23_400_000, 22_800_000, 24_300_000, 26_000_000, 42.1, "diverges"),
    ("litert 2.3.0", 64_700_000, 60_200_000, 71_900_000, 90_400_000, 15.2, "invalid"),
    ("reference (NumPy)", 1_245_000_000, 1_231_000_000, 1_262_000_000, None, 0.8, "valid"),
)
LATENCY = Table.of(
    "latency",
    [
        Column("framework", "str", "framework and version", role="id"),
        Column(
            "p50_ns",
            "int",
            "median latency of one query",
            "ns",
            "value",
            lo="p50_lo_ns",
            hi="p50_hi_ns",
        ),
        Column("p50_lo_ns", "int", "lower end, block bootstrap 95 %", "ns", "interval"),
        Column("p50_hi_ns", "int", "upper end, block bootstrap 95 %", "ns", "interval"),
        Column("p90_ns", "int", "latency that 90 % of queries meet", "ns", "value", priority=2),
        Column("throughput_per_s", "float", "answers in a second", "1/s", "share", priority=2),
        Column("verdict", "str", "whether the run may be compared", role="verdict"),
    ],
    [
        {
            "framework": name,
            "p50_ns": p50,
            "p50_lo_ns": lo,
            "p50_hi_ns": hi,
            "p90_ns": p90,
            "throughput_per_s": rate,
            "verdict": verdict,
        }
        for name, p50, lo, hi, p90, rate, verdict in _LATENCY
    ],
    title="Latency",
    note="one query at a time, batch 1, 1 thread; intervals by block bootstrap over queries",
)

AGREEMENT = Table.of(
    "agreement",
    [
        Column("framework", "str", "framework and version", role="id"),
        Column("same_top1", "int", "items with the same best answer as the baseline", role="count"),
        Column(
            "max_relative_difference",
            "float",
            "largest difference of any logit, over the largest logit of the baseline",
            role="value",
        ),
        Column("verdict", "str", "whether outputs agree within 1e-4", role="verdict"),
    ],
    [
        {
            "framework": name,
            "same_top1": 20,
            "max_relative_difference": difference,
            "verdict": verdict,
        }
        for name, difference, verdict in (
            ("openvino 2026.4.1", 6e-7, "agrees"),
            ("opencv-dnn 5.0", 6e-7, "agrees"),
            ("ncnn 1.0", 1.2e-3, "diverges"),
            ("litert 2.3.0", 9e-7, "agrees"),
        )
    ],
    title="Agreement",
    note="against onnxruntime 1.31.1",
)

_STUDY = (
    ("reference", 18, 19, 0.692, 0.0),
    ("bilinear", 17, 19, 0.676, 1.32),
    ("nearest", 18, 19, 0.703, 2.48),
    ("squash to 224 without crop", 17, 20, 0.687, 3.32),
    ("whole centre square", 17, 20, 0.684, 2.84),
    ("top-left 224×224 pixels, no resize", 11, 14, 0.363, 11.62),
    ("BGR for RGB", 15, 19, 0.567, 5.37),
    ("ImageNet mean/std for 127/128", 15, 19, 0.575, 4.04),
    ("x/255", 17, 19, 0.642, 4.05),
    ("raw 0–255", 1, 2, 0.014, 12.99),
    ("NHWC bytes read as NCHW", 0, 1, 0.002, 15.69),
    ("centre crop of half the side", 15, 20, 0.607, 6.33),
)


def _wilson(right: int, items: int) -> tuple[float, float]:
    z = 1.959964
    share = right / items
    middle = (share + z * z / (2 * items)) / (1 + z * z / items)
    spread = (share * (1 - share) / items + z * z / (4 * items**2)) ** 0.5
    half = z * spread / (1 + z * z / items)
    return max(0.0, middle - half), min(1.0, middle + half)


STUDY = Table.of(
    "preprocessing_study",
    [
        Column("change", "str", "the one step that differs from the reference", role="id"),
        Column("right", "int", "right answers of 20", role="count"),
        Column("top1", "float", "share of right answers", "share", "value", lo="lo", hi="hi"),
        Column("lo", "float", "lower end, Wilson 95 %", "share", "interval"),
        Column("hi", "float", "upper end, Wilson 95 %", "share", "interval"),
        Column("top5", "int", "items with the label among the best five", role="count", priority=2),
        Column("mean_p_label", "float", "mean probability of the label", role="value", priority=2),
        Column("max_logit_change", "float", "largest change of a logit", role="share", priority=3),
    ],
    [
        {
            "change": change,
            "right": right,
            "top1": right / 20,
            "lo": _wilson(right, 20)[0],
            "hi": _wilson(right, 20)[1],
            "top5": top5,
            "mean_p_label": p,
            "max_logit_change": logit,
        }
        for change, right, top5, p, logit in _STUDY
    ],
    title="Pre-processing",
    note="EfficientNet-Lite0 on onnxruntime; each row changes one step of the reference",
)

_RATES = {"onnxruntime": 50.3, "openvino": 52.6, "torch": 34.0}
BATCHES = Table.of(
    "batches",
    [
        Column("model", "str", "model"),
        Column("framework", "str", "framework", role="id"),
        Column("batch", "int", "items in one call", role="count"),
        Column("rate_per_s", "float", "items in a second", "1/s", "value", lo="lo", hi="hi"),
        Column("lo", "float", "lower end", "1/s", "interval"),
        Column("hi", "float", "upper end", "1/s", "interval"),
    ],
    [
        {
            "model": model,
            "framework": framework,
            "batch": 2**power,
            "rate_per_s": rate * shrink * (1 + 0.08 * power),
            "lo": rate * shrink * (1 + 0.08 * power) * 0.97,
            "hi": rate * shrink * (1 + 0.08 * power) * 1.03,
        }
        for model, shrink in (("Lite0", 1.0), ("Lite1", 0.67), ("Lite2", 0.47))
        for framework, rate in _RATES.items()
        for power in range(5)
    ],
    title="Batch size",
    note="items per second",
)

TRADE_OFF = Table.of(
    "trade_off",
    [
        Column("model", "str", "model and framework", role="id"),
        Column("p50_ns", "int", "median latency", "ns", "value"),
        Column("top1_share", "float", "share of right answers", "share", "value", lo="lo", hi="hi"),
        Column("lo", "float", "lower end, Wilson 95 %", "share", "interval"),
        Column("hi", "float", "upper end, Wilson 95 %", "share", "interval"),
    ],
    [
        {
            "model": model,
            "p50_ns": latency,
            "top1_share": right / 200,
            "lo": _wilson(right, 200)[0],
            "hi": _wilson(right, 200)[1],
        }
        for model, latency, right in (
            ("Lite0 · openvino", 18_900_000, 150),
            ("Lite0 · torch", 28_600_000, 150),
            ("Lite1 · openvino", 28_000_000, 153),
            ("Lite2 · openvino", 39_400_000, 155),
            ("Lite2 · torch", 58_800_000, 155),
        )
    ],
    title="Accuracy against latency",
)

FINDINGS = (
    Finding(
        "note",
        "openvino is fastest: 4.5 % before onnxruntime",
        "latency",
        (0, 1),
        "paired difference −0.9 ms [−1.5, −0.4]",
        gain=-900_000.0,
        gain_unit="ns",
    ),
    Finding(
        "warn",
        "ncnn computes other outputs: 12 times over tolerance",
        "agreement",
        (2,),
        "largest difference 1.2·10⁻³ of the largest logit, tolerance 10⁻⁴",
        advice="turn fp16 weights off",
    ),
    Finding("bad", "litert is not comparable", "latency", (4,), "others took 9 % of its CPU time"),
    Finding(
        "warn",
        "BGR for RGB would cost 3 of 20 right answers, while mean confidence hides it",
        "preprocessing_study",
        (0, 6),
        "18 → 15; mean p(label) 0.692 → 0.567",
    ),
    Finding("good", "Five of six give the same answers", "agreement", (0, 1, 3)),
)


def sample(*, figures: bool = False) -> Report:
    """The sample report; `figures` adds three drawings."""
    batch = charts.lines(BATCHES, "batch", "rate_per_s", series="framework", panel="model")
    dots = charts.interval_dots(LATENCY, "framework", "p50_ns", title="Median latency")
    front = charts.scatter(TRADE_OFF, "model", "p50_ns", "top1_share")
    drawn = (
        Section("Batch size", (batch, BATCHES)),
        Section("Accuracy against latency", (front, dots, TRADE_OFF)),
    )
    return Report(
        title="EfficientNet-Lite0 in six frameworks",
        answer="openvino is fastest (18.9 ms), 4.5 % before onnxruntime. ncnn does not compute "
        "the same outputs; litert's run is invalid. n = 20 photographs cannot separate them by "
        "accuracy.",
        tables=(LATENCY, ACCURACY, AGREEMENT, STUDY, *((BATCHES, TRADE_OFF) if figures else ())),
        findings=FINDINGS,
        sections=(
            Section("Latency", (LATENCY,)),
            Section("Accuracy and agreement", (ACCURACY, AGREEMENT)),
            Section("Pre-processing", (STUDY,)),
            *(drawn if figures else ()),
            Section(
                "How it was measured",
                (
                    Prose(
                        "Each point is three processes, interleaved. Latency is the percentile "
                        "over at least 500 queries after 5 warm-ups; intervals are 95 %, block "
                        "bootstrap over queries for latency and Wilson for accuracy. Data: 20 "
                        "photographs, so accuracy is orientation only. Repeat spread: 1.6 %."
                    ),
                ),
            ),
            Section(
                "Plans and environment",
                (
                    Facts(
                        (
                            ("CPU", "AMD EPYC 9R14, 2 cores, AVX-512"),
                            ("OS", "Linux 6.1, Python 3.11.7"),
                            ("frameworks", "onnxruntime 1.31.1, openvino 2026.4.1"),
                            ("threads", "1"),
                            ("plans", "18"),
                            ("repeat with", "dlscope evaluate report.yaml"),
                        )
                    ),
                ),
            ),
        ),
        runs=("r-8f2c", "r-51b0", "r-0e9d", "r-c6d4", "r-a3f8", "r-77aa"),
        next_commands=(
            ("dlscope serve", "all of this in the browser"),
            ("dlscope profile r-8f2c", "where the 19.8 ms go"),
        ),
        command="dlscope report e-41c7 --format html -o report.html",
        created_utc="2026-11-22T10:52:00Z",
        attachments={"plans.yaml": "kind: experiment\nname: <lite0> & friends\n"},
    )
