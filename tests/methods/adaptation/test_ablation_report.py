from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dlscope.methods.adaptation.ablation_report import ablation_report


def results(**target):
    return [
        {
            **dict.fromkeys(("miou_stuff", "miou_things", "miou_source", "kept")),
            **dict.fromkeys(("cpu_s", "wall_s", "miou_16", "miou_13"), 1.0),
            "row": row,
            "seed": 0,
            "miou_target": value,
            "iou": [0.5, None] + [0.1] * 17,
        }
        for row, value in target.items()
    ]


def test_the_answer_names_the_best_row_and_what_it_is():
    assert ablation_report(results(source=30.0, adv=33.0, oracle=50.0)).answer == (
        "The best mean IoU on the target, 33.0 %, is that of adv (adversarial), against 30.0 % of "
        "the source alone and 50.0 % with labels of the target (19 classes, 1 seed, last weights)."
    )


def test_a_row_that_only_trains_longer_is_said_to_see_no_image_of_the_target():
    answer = ablation_report(results(source=30.0, source_long=34.0, online=33.0)).answer
    assert answer.startswith(
        "The best mean IoU on the target, 34.0 %, is that of source_long (source alone, trained "
        "for as many steps as online), which sees no image of the target, against 30.0 % of"
    )
