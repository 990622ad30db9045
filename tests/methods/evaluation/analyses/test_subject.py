from __future__ import annotations

from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject
from dlscope.testing.analyses import example_run


def test_says_what_a_row_is_about() -> None:
    assert subject(example_run("r-1")) == {
        "run": "r-1",
        "model": "tiny",
        "backend": "onnxruntime",
        "version": "0.3.1",
        "dataset": "squares",
    }


def test_gives_every_column_its_cell() -> None:
    assert list(subject(example_run("r-1"))) == [column.name for column in SUBJECT_COLUMNS]
