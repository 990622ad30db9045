from __future__ import annotations

from dataclasses import replace

import pytest
import small_domains

pytest.importorskip("torch")

from dlscope.core.errors import TrainingError
from dlscope.methods.adaptation.ablation import Ablation
from dlscope.methods.adaptation.ablation_tables import ablation_table
from dlscope.methods.adaptation.domains import Domains


@pytest.mark.slow
def test_goes_on_where_it_was_and_reads_no_held_out_label(tmp_path):
    domains = small_domains.written(tmp_path / "scenes")
    first = Ablation(tmp_path / "out", domains).run(["source", "sim_st"], [0])
    assert [each["row"] for each in first] == ["warm_start", "source", "adv_stuff_inst", "sim_st"]
    for path in (tmp_path / "scenes/target/gtFine_heldout").rglob("*.png"):
        path.write_bytes(b"corrupt")
    again = Ablation(tmp_path / "out", domains).run(["source", "sim_st"], [0])
    assert again == first
    fresh = Ablation(tmp_path / "fresh", domains).run(["source", "sim_st"], [0])
    measured = ("miou_target", "miou_source", "iou", "kept")
    assert [[each[m] for m in measured] for each in fresh] == [
        [each[m] for m in measured] for each in first
    ]
    assert len(ablation_table(first).rows) == 4


@pytest.mark.slow
def test_other_options_need_a_folder_of_their_own(tmp_path):
    domains = small_domains.written(tmp_path / "scenes")
    Ablation(tmp_path / "out", domains)
    other = Domains.of_scenes(tmp_path / "scenes", replace(small_domains.OPTIONS, rate=5e-4))
    with pytest.raises(TrainingError, match="other options or other images"):
        Ablation(tmp_path / "out", other)
