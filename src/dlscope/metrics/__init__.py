"""Accuracy metrics, numpy only; an item that failed counts as a wrong answer."""

from __future__ import annotations

from dlscope.metrics.agreement import Agreement, agreement
from dlscope.metrics.detection import box_iou
from dlscope.metrics.measure import TASKS, measure

__all__ = ["TASKS", "Agreement", "agreement", "box_iou", "measure"]
