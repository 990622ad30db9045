from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.training.tensor_file import on_processor, read_tensors, write_tensors


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.pt"
    module = torch.nn.BatchNorm2d(3)
    write_tensors(path, {"state": module.state_dict(), "steps": [1, (2, "three")]})
    whole = read_tensors(path, what="state", fix="train again")
    assert whole["steps"] == [1, (2, "three")]
    assert torch.equal(whole["state"]["weight"], module.weight)
    assert [each.name for each in path.parent.iterdir()] == ["state.pt"]


def test_tensors_of_the_processor_are_not_copied_and_versions_stay() -> None:
    state = torch.nn.BatchNorm2d(3).state_dict()
    moved = on_processor({"inner": [state]})["inner"][0]
    assert isinstance(moved, OrderedDict)
    assert vars(moved) == vars(state)
    assert moved["weight"].data_ptr() == state["weight"].data_ptr()


@pytest.mark.parametrize("content", [b"", b"half of it", b"\x80\x02}q\x00."])
def test_a_damaged_file_says_what_it_should_have_been(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="the state cannot be read") as refused:
        read_tensors(path, what="state", fix="train again")
    assert (refused.value.where, refused.value.fix) == (str(path), "train again")
