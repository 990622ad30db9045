"""A quantised graph beside the float one it came from: overlap, size, and time in turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.core.table import Column, Table
from dlscope.methods.skynet.deployed_answers import ANSWER_COLUMNS, Answers, answers
from dlscope.methods.skynet.detection_scores import normalised
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.observing import one_thread
from dlscope.methods.skynet.prepared_images import PreparedImages

ROUNDS = 30
INT8_COLUMNS = (
    Column("model", "str", "numbers that it computes with", role="id"),
    *ANSWER_COLUMNS,
    Column("size_bytes", "int", "what the file takes", "bytes", role="value"),
    Column("latency_ns", "int", "median time of one image on one thread", "ns", role="value"),
    Column("cpu_ns", "int", "median CPU time of one image", "ns", role="value", priority=2),
    Column(
        *("ratio", "float", "CPU time over that of floats in the same round", None, "value", 1),
        *("ratio_lo", "ratio_hi"),
    ),
    Column("ratio_lo", "float", "lower end of its interval", role="interval", priority=2),
    Column("ratio_hi", "float", "upper end of its interval", role="interval", priority=2),
)
Session: TypeAlias = onnxruntime.InferenceSession


def float_answers(detector: Detector, images: PreparedImages) -> Answers:
    """The answers of the graph as it is."""
    return _answers(one_thread(detector.content), detector, images)


def compare_int8(
    floats: Detector, quantised: Detector, images: PreparedImages, *, rounds: int = ROUNDS
) -> Table:
    """A row for each of both; the ratio is over rounds in which each takes a turn."""
    named = {"float32": floats, "int8": quantised}
    sessions = {name: one_thread(each.content) for name, each in named.items()}
    found = {name: _answers(sessions[name], each, images) for name, each in named.items()}
    timed = _in_turns(list(sessions.values()), images, rounds)
    rows = []
    for index, (name, each) in enumerate(named.items()):
        ratios = timed[:, index, 1] / timed[:, 0, 1]
        low, high = bootstrap_interval(ratios, trimmed_mean) if index else (None, None)
        rows.append(
            {
                "model": name,
                **found[name].told_beside(found["float32"], images),
                "size_bytes": len(each.content),
                "latency_ns": int(np.median(timed[:, index, 0])),
                "cpu_ns": int(np.median(timed[:, index, 1])),
                "ratio": float(trimmed_mean(np.sort(ratios))),
                "ratio_lo": low,
                "ratio_hi": high,
            }
        )
    return Table.of("int8", INT8_COLUMNS, rows, title="Integers of 8 bits beside floats")


def _answers(session: Session, detector: Detector, images: PreparedImages) -> Answers:
    name = detector.input

    def head_of(images_bchw: NDArray[np.float32]) -> NDArray[Any]:
        head: NDArray[Any] = session.run(None, {name: images_bchw})[0]
        return head

    return answers(head_of, images, detector.anchors)


def _in_turns(
    sessions: Sequence[Session], images: PreparedImages, rounds: int
) -> NDArray[np.float64]:
    """Wall and CPU time in ns [rounds, sessions, 2], after a round that does not count."""
    name = sessions[0].get_inputs()[0].name
    feeds = {name: normalised(images.pixels_nhwc[:1])}
    timed = np.zeros((rounds + 1, len(sessions), 2))
    for number in range(rounds + 1):
        for index, session in enumerate(sessions):
            wall, cpu = time.perf_counter_ns(), time.process_time_ns()
            session.run(None, feeds)
            timed[number, index] = (time.perf_counter_ns() - wall, time.process_time_ns() - cpu)
    return timed[1:]
