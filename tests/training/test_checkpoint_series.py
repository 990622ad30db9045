from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.checkpoint_series import CheckpointSeries


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(series: CheckpointSeries, epochs: int, first: int = 1) -> torch.nn.Linear:
    """A module with one checkpoint after each epoch, whose bias is the number of the epoch."""
    module = torch.nn.Linear(2, 1)
    for number in range(first, epochs + 1):
        torch.nn.init.constant_(module.bias, number)
        series.save({"module": module}, {"history": [{"score": 1.0}] * number})
    return module


def second_is_best(history) -> int | None:
    return 2 if len(history) >= 2 else None


def test_keeps_the_last_three(tmp_path: Path) -> None:
    kept(CheckpointSeries(tmp_path, "one"), 5)
    assert names(tmp_path) == [f"checkpoint-00000{each}.pt" for each in (3, 4, 5)]


def test_keeps_the_best_beside_the_last_three(tmp_path: Path) -> None:
    series = CheckpointSeries(tmp_path, "one", second_is_best)
    kept(series, 6)
    assert names(tmp_path) == [f"checkpoint-00000{each}.pt" for each in (2, 4, 5, 6)]
    assert series.states_after(2)["module"]["bias"].item() == 2
    series.remove()
    assert names(tmp_path) == []


def test_goes_on_from_the_newest(tmp_path: Path) -> None:
    module = kept(CheckpointSeries(tmp_path, "one"), 4)
    torch.nn.init.zeros_(module.bias)
    plain = CheckpointSeries(tmp_path, "one").restore({"module": module})
    assert plain is not None
    assert len(plain["history"]) == module.bias.item() == 4


def test_what_was_stopped_within_an_epoch_is_newer_than_its_start(tmp_path: Path) -> None:
    series = CheckpointSeries(tmp_path, "one")
    module = kept(series, 2)
    torch.nn.init.constant_(module.bias, 2.5)
    series.save({"module": module}, {"history": [{}] * 2, "within": True})
    torch.nn.init.zeros_(module.bias)
    assert series.restore({"module": module}) == {"history": [{}] * 2, "within": True}
    assert module.bias.item() == 2.5
    kept(series, 3, first=3)
    assert names(tmp_path) == [f"checkpoint-00000{each}.pt" for each in (1, 2, 3)]


def test_a_damaged_newest_one_costs_an_epoch(tmp_path: Path) -> None:
    series = CheckpointSeries(tmp_path, "one")
    module = kept(series, 3)
    (tmp_path / "checkpoint-000003.pt").write_bytes(b"half of it")
    assert series.restore({"module": module}) is not None
    assert module.bias.item() == 2
    kept(series, 3, first=3)
    assert series.restore({"module": module}) is not None
    assert module.bias.item() == 3


def test_only_damaged_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-000001.pt").write_bytes(b"")
    with pytest.raises(TrainingError, match="the checkpoint cannot be read"):
        CheckpointSeries(tmp_path, "one").restore({})


def test_those_of_another_training_are_refused(tmp_path: Path) -> None:
    module = kept(CheckpointSeries(tmp_path, "one"), 1)
    with pytest.raises(TrainingError) as refused:
        CheckpointSeries(tmp_path, "two").restore({"module": module})
    assert str(refused.value) == (
        "TrainingError: the checkpoint is of another training\n"
        f"  where  {tmp_path / 'checkpoint-000001.pt'}\n"
        "  fix    train into a folder of its own, or remove the checkpoint"
    )


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["write", "remove"])
def test_whoever_is_killed_while_keeping_leaves_a_good_one(tmp_path: Path, moment: str) -> None:
    """Killed before the third is whole, and between the fifth and the removal of the second."""
    script = f"""
        import os, signal, sys
        from pathlib import Path
        import torch
        from dlscope.training import tensor_file
        from dlscope.training.checkpoint_series import CheckpointSeries

        series, module = CheckpointSeries(Path(sys.argv[1]), "one"), torch.nn.Linear(2, 1)
        saved, unlink = tensor_file.torch.save, Path.unlink

        def die(*_args, **_more):
            os.kill(os.getpid(), signal.SIGKILL)

        def die_within(whole, file):
            saved(whole, file)
            file.truncate(100)
            file.flush()
            die()

        def removed(path, **more):
            die() if path.name == "checkpoint-000002.pt" else unlink(path, **more)

        for number in range(1, 9):
            torch.nn.init.constant_(module.bias, number)
            if {moment!r} == "write" and number == 3:
                tensor_file.torch.save = die_within
            if {moment!r} == "remove":
                Path.unlink = removed
            series.save({{"module": module}}, {{"history": [{{}}] * number}})
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -signal.SIGKILL
    series, module = CheckpointSeries(tmp_path, "one"), torch.nn.Linear(2, 1)
    assert series.restore({"module": module}) is not None
    assert module.bias.item() == (2 if moment == "write" else 5)
    kept(series, 6, first=6)
    told = [each for each in names(tmp_path) if not each.startswith(".")]
    assert told[-1] == "checkpoint-000006.pt"
    assert len(told) == 3
