from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.emission.vectors import golden, vectors_of, write_golden


def test_corners_come_first_then_random_inputs_within_the_grid(integers) -> None:
    found = vectors_of(integers, np.random.default_rng(0), count=200)
    grid = integers.layers[0].reads
    assert len(found) == 3 + 2 + 2 * 5 + 200
    assert (
        (found[0] == 0).all() and (found[1] == grid.most).all() and (found[2] == grid.least).all()
    )
    assert (found[3] + found[4] == grid.most + grid.least).all()
    singles = found[5:15]
    assert ((singles != 0).sum(axis=(1, 2, 3)) == 1).all()
    assert len({each.tobytes() for each in singles}) == 10
    assert grid.least <= found.min() and found.max() <= grid.most


def test_a_row_is_the_input_and_what_every_stage_gives(integers) -> None:
    inputs = vectors_of(integers, np.random.default_rng(0), count=0)[:2]
    rows = golden(integers, inputs)
    stages = list(integers.tensors(inputs))
    assert rows.shape[1] == inputs[0].size + sum(stage[0].size for stage in stages)
    assert np.array_equal(rows[1, : inputs[1].size], inputs[1].transpose(1, 2, 0).ravel())
    assert np.array_equal(rows[:, -3:], integers.answers(inputs))


def test_the_file_begins_with_how_many_there_are(integers, tmp_path) -> None:
    rows = np.array([[1, -2, 3], [4, 5, -6]])
    write_golden(tmp_path / "vectors.bin", rows, 32)
    stored = np.fromfile(tmp_path / "vectors.bin", "<i4")
    assert stored.tolist() == [2, 1, -2, 3, 4, 5, -6]
