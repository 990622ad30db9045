"""`demo`: the main job in under a minute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dlscope.api.evaluation import evaluate, study_preprocessing
from dlscope.api.watcher import QUIET, Watcher

if TYPE_CHECKING:
    from dlscope.core.report import Report

MODEL, DATASET, CHANGE = "efficientnet-lite0", "imagenet-mini20", "BGR for RGB"


def demo(*, store: str | None = None, watcher: Watcher = QUIET) -> Report:
    """EfficientNet-Lite0 on 20 photographs, and what one wrong step costs, as one report.

    It is measured on every backend installed here.
    """
    from dlscope.agents.capabilities import available_backends

    backends = [name for name in ("onnxruntime", "openvino", "torch") if available_backends()[name]]
    speed = evaluate(
        MODEL,
        backend=backends or ["onnxruntime"],
        dataset=DATASET,
        scenario="quick",
        store=store,
        watcher=watcher,
    )
    study = study_preprocessing(
        MODEL,
        dataset=DATASET,
        backend=(backends or ["onnxruntime"])[0],
        changes=[CHANGE],
        store=store,
        watcher=watcher,
    )
    accuracy = next(iter(speed.table("accuracy")))
    five = f"Among five answers {accuracy['top_5_count']} of {accuracy['n']} are right."
    return replace(
        speed,
        answer=f"{speed.answer} {five}",
        title=f"EfficientNet-Lite0 on 20 photographs, {speed.title.partition(' on ')[2]}",
        tables=speed.tables + study.tables,
        findings=speed.findings + study.findings[:1],
        sections=(*speed.sections[:3], study.sections[0], *speed.sections[3:]),
        runs=speed.runs + study.runs,
        command="dlscope demo",
    )
