from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.checkpoints import Checkpoints


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    module = torch.nn.Linear(2, 1)
    kept = module.weight.detach().clone()
    checkpoints = Checkpoints(tmp_path / "new", "one")
    checkpoints.save({"module": module}, {"epoch": 3})
    torch.nn.init.zeros_(module.weight)
    assert checkpoints.restore({"module": module}) == {"epoch": 3}
    assert torch.equal(module.weight, kept)


def test_without_a_checkpoint_there_is_nothing_to_restore(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path, "one").restore({}) is None


def test_only_the_newest_is_kept_and_nothing_else(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "one")
    checkpoints.save({}, {"epoch": 1})
    checkpoints.save({}, {"epoch": 2})
    assert checkpoints.restore({}) == {"epoch": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    checkpoints.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "one").save({}, {})
    with pytest.raises(TrainingError, match="the checkpoint is of another training") as refused:
        Checkpoints(tmp_path, "two").restore({})
    assert refused.value.where == str(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"cos\nsystem\n(S'true'\ntR."])
def test_a_damaged_or_hostile_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(TrainingError, match="the checkpoint cannot be read"):
        Checkpoints(tmp_path, "one").restore({})
