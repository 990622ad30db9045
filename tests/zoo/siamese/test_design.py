from __future__ import annotations

import pytest

from dlscope.core.errors import GraphError, Problems, ShapeError
from dlscope.zoo.siamese.design import DESIGNS, Design, named_design


@pytest.mark.parametrize("name", DESIGNS)
def test_comes_back_from_plain_data(name):
    design = named_design(name)
    assert Design.from_json(design.to_json()) == design


@pytest.mark.parametrize(
    ("fields", "error", "told"),
    [
        ({"trunk": "vgg"}, GraphError, "there is no trunk 'vgg' for trackers"),
        ({"levels": (3,)}, GraphError, "skynet has no stage 3"),
        ({"levels": ()}, GraphError, "a head needs a stage"),
        ({"trunk": "resnet50", "levels": (1, 3)}, GraphError, "resnet50 has no stage 1"),
        ({"width": 0.0}, GraphError, "256 channels at width 0 are no tracker"),
        ({"hidden": 0}, GraphError, "0 channels at width 1 are no tracker"),
        ({"template": 100}, ShapeError, "template 100 is not a multiple of 8"),
        ({"search": 255}, ShapeError, "search 255 is not a multiple of 8"),
        ({"search": 128}, ShapeError, "a template of 128 in a search of 128 is no tracker"),
        ({"template": 24}, ShapeError, "a template of 24 in a search of 256 is no tracker"),
    ],
)
def test_refuses_what_is_no_tracker(fields, error, told):
    with pytest.raises(error) as refused:
        Design(**fields)
    assert refused.value.what == told


def test_names_both_sides_and_the_nearest_sizes():
    with pytest.raises(Problems) as refused:
        Design(template=127, search=255)
    assert [each.fix for each in refused.value.problems] == ["use 120 or 128", "use 248 or 256"]


def test_advises_the_nearest_name():
    with pytest.raises(GraphError) as refused:
        named_design("siamrpn-skynett")
    assert refused.value.what == "there is no tracker 'siamrpn-skynett'"
    assert refused.value.fix == "did you mean siamrpn-skynet?"


@pytest.mark.parametrize("fields", [{}, {"levels": [5], "color": "red"}])
def test_refuses_fields_of_another_thing(fields):
    with pytest.raises(GraphError, match="not the fields of a tracker"):
        Design.from_json(fields)
