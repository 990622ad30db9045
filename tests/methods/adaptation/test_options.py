from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

from dlscope.core.errors import PlanError
from dlscope.methods.adaptation.options import LIGHT, PAPER, PRESETS, preset_of
from dlscope.methods.adaptation.recipes import RECIPES
from dlscope.zoo.segmenter.discriminator import require_side
from dlscope.zoo.segmenter.named import SEGMENTERS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_its_network_and_its_discriminator(name):
    options = preset_of(name)
    width, height = options.size
    share = SEGMENTERS[options.network].judged_share
    require_side((round(share * height), round(share * width)))
    assert options.horizon in (0, *range(options.steps, 2 * options.steps))


def test_the_preset_for_a_gpu_is_the_light_network_on_larger_images_for_longer():
    gpu = preset_of("gpu")
    assert (gpu.size, gpu.steps, gpu.warm_up_steps) == ((512, 256), 2000, 4000)
    assert replace(gpu, size=LIGHT.size, steps=200, warm_up_steps=700) == LIGHT


def test_the_paper_has_other_weights_in_its_second_stage_and_starts_it_anew():
    first, second = (RECIPES[row].weights(PAPER) for row in ("adv_stuff_inst", "sim_st"))
    assert (first.adversarial, first.stuff, first.instance, first.pseudo) == (0.001, 0.01, 0.01, 0)
    assert (second.adversarial, second.stuff, second.instance, second.pseudo) == (
        *[0.001] * 3,
        1.0,
    )
    assert PAPER.restarts
    assert not LIGHT.restarts


def test_guards_are_more_pixels_a_check_and_a_late_start():
    guarded = LIGHT.guarded()
    assert (guarded.rules.least_pixels, guarded.rules.checks_instances) == (4, True)
    assert guarded.matching_from == 0.5
    assert replace(guarded, rules=LIGHT.rules, matching_from=0.0) == LIGHT


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"size": (64, 24)},
            "PlanError: images of 64x24\n  where  options of the adaptation\n"
            "  fix    use sides that are multiples of 8 and at least 32 pixels",
        ),
        (
            {"batch": (2, 0)},
            "PlanError: a training without steps, or with an empty batch\n"
            "  where  options of the adaptation\n"
            "  fix    use at least one step, and one image of each domain in a batch",
        ),
        (
            {"translate": "fdaa"},
            "PlanError: there is no translation 'fdaa'\n  where  options of the adaptation\n"
            "  fix    did you mean fda?",
        ),
    ],
    ids=["small images", "empty batch", "translation"],
)
def test_impossible_options_are_refused(change, told):
    with pytest.raises(PlanError) as refused:
        replace(LIGHT, **change)
    assert str(refused.value) == told


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(PlanError) as refused:
        preset_of("cii")
    assert str(refused.value) == (
        "PlanError: there is no preset 'cii'\n  where  preset\n  fix    did you mean ci?"
    )
