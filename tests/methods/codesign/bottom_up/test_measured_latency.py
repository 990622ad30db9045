from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.bottom_up.measured_latency import MeasuredLatency
from dlscope.zoo.bundles.bundle import BUNDLES
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.onnx_model import forms_of
from dlscope.zoo.bundles.skynet_stack import skynet_stack

NETWORK = StackedLayout(BUNDLES[0], (8, 16), (1,), size=(32, 64))


def test_a_network_is_told_by_its_ratio_to_the_reference(tmp_path):
    told = MeasuredLatency(NETWORK, tmp_path / "reference.json", rounds=3)
    ratios = told.ratios(NETWORK)
    assert ratios.shape == (3,)
    assert np.isfinite(ratios).all()
    assert (ratios > 0).all()
    assert told(replace(NETWORK, act="relu6")) > 0
    assert told(NETWORK) == told.reference_ms


def test_the_time_of_the_reference_is_kept(tmp_path):
    kept = tmp_path / "reference.json"
    first = MeasuredLatency(NETWORK, kept, rounds=1).reference_ms
    assert json.loads(kept.read_text()) == {"reference_ms": first, "form": "slices"}
    assert MeasuredLatency(NETWORK, kept, rounds=1).reference_ms == first


def test_refuses_a_damaged_file(tmp_path):
    kept = tmp_path / "reference.json"
    kept.write_text("{}")
    with pytest.raises(SearchError) as refused:
        MeasuredLatency(NETWORK, kept)
    assert str(refused.value) == (
        "SearchError: the time of the reference cannot be read: KeyError\n"
        f"  where  {kept}\n"
        "  fix    search again into another folder"
    )


def test_a_bypass_is_timed_in_its_quickest_form(tmp_path):
    skynet = skynet_stack("C", width_mult=0.1, size=(32, 64))
    kept = tmp_path / "reference.json"
    told = MeasuredLatency(skynet, kept, rounds=1)
    form = told.form_of(skynet)
    assert form in forms_of(skynet)
    assert json.loads(kept.read_text())["form"] == form
    assert told.form_of(NETWORK) == "slices"
    again = MeasuredLatency(skynet, kept, rounds=1)
    assert again.form_of(skynet) == form


def test_refuses_a_reference_of_an_earlier_version(tmp_path):
    kept = tmp_path / "reference.json"
    kept.write_text('{"reference_ms": 1.5}')
    with pytest.raises(SearchError, match="cannot be read: KeyError"):
        MeasuredLatency(NETWORK, kept)
