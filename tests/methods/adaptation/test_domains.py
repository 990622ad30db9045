from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small_domains

pytest.importorskip("torch")

from dlscope.core.errors import DataError
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.options import LossWeights


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    return small_domains.written(tmp_path_factory.mktemp("scenes"))


def test_one_folder_for_both_domains_is_told(domains):
    same = replace(domains, target=domains.source)
    assert domains.warnings() == ()
    assert same.warnings() == (f"source and target are the same folder, {domains.source.root}",)


def test_strong_matching_is_told(domains):
    options = replace(small_domains.OPTIONS, weights=LossWeights(0.005, 0.01, 0.1))
    told = replace(domains, options=options).warnings()
    assert told == ("matching with λ 0.1: above 0.05 it did harm",)


def test_source_images_take_the_colors_of_the_target_where_asked(domains):
    plain = domains.source_pictures.image(0)
    root = domains.source.root.parent
    first, second = (
        Domains.of_scenes(root, replace(small_domains.OPTIONS, translate="stats")) for _ in range(2)
    )
    changed = first.source_pictures.image(0)
    assert np.array_equal(changed, second.source_pictures.image(0))
    target = [domains.target_pictures.image(i).mean() for i in range(5)]
    assert min(abs(changed.mean() - each) for each in target) < 8
    assert not np.array_equal(changed, plain)
    assert np.array_equal(first.source_pictures.labels(0), domains.source_pictures.labels(0))


def test_scenes_that_are_not_there_are_told_with_the_command_that_draws_them(tmp_path):
    with pytest.raises(DataError) as refused:
        Domains.of_scenes(tmp_path / "none", small_domains.OPTIONS)
    assert str(refused.value) == (
        "DataError: there are no scenes\n"
        f"  where  {tmp_path / 'none'}\n"
        f"  fix    draw them: dlscope adapt make-scenes {tmp_path / 'none'}"
    )
