from __future__ import annotations

from dlscope.methods.evaluation.analyses.merged import merged
from dlscope.testing.analyses import example_run


def test_what_runs_of_one_model_say_alike_is_told_once_by_the_first() -> None:
    runs = [example_run(f"r-{batch}", batch_size=batch) for batch in (1, 2, 4)]
    told = zip(runs, ("a", "b", "a"), strict=True)
    assert [(each.run.id, each.told, each.runs) for each in merged(told)] == [
        ("r-1", "a", 2),
        ("r-2", "b", 1),
    ]


def test_models_and_frameworks_that_say_the_same_stay_apart() -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", framework="torch"),
        example_run("r-3", model="b"),
    ]
    assert [each.runs for each in merged((run, "a") for run in runs)] == [1, 1, 1]
