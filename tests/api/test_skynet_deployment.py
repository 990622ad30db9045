from __future__ import annotations

import pytest

from dlscope import api
from dlscope.core.errors import DlscopeError


def test_refuses_to_do_nothing():
    with pytest.raises(DlscopeError) as refused:
        api.quantize_skynet("nowhere")
    assert str(refused.value) == (
        "PlanError: nothing is asked for\n"
        "  where  skynet quantize\n"
        "  fix    add --int8, --sweep or --preset skynet-ultra96"
    )


def test_refuses_bits_that_are_no_format_before_it_reads_anything():
    with pytest.raises(DlscopeError, match="12 integer bits do not fit into 9 bits"):
        api.quantize_skynet("nowhere", map_bits=[9], weight_bits=[11], integer_bits=[12])


def test_refuses_a_scheme_it_does_not_know():
    with pytest.raises(DlscopeError) as refused:
        api.quantize_skynet("nowhere", preset="ultra96")
    assert str(refused.value) == (
        "PlanError: there is no scheme 'ultra96' of fixed point\n"
        "  where  SkyNet, fixed point\n"
        "  fix    did you mean skynet-ultra96?"
    )


def test_refuses_to_train_in_no_scheme(tmp_path):
    with pytest.raises(DlscopeError) as refused:
        api.quantize_skynet("nowhere", int8=tmp_path / "int8.onnx", fine_tune=10)
    assert str(refused.value) == (
        "PlanError: there is no scheme to train in\n"
        "  where  skynet quantize, --fine-tune\n"
        "  fix    add --sweep or --preset skynet-ultra96"
    )


def test_refuses_to_write_what_is_not_trained(tmp_path):
    with pytest.raises(DlscopeError) as refused:
        api.quantize_skynet("nowhere", map_bits=[9], weight_bits=[9], tuned=tmp_path / "tuned.onnx")
    assert str(refused.value) == (
        "PlanError: nothing is trained that could be written\n"
        "  where  skynet quantize, --tuned\n"
        "  fix    add --fine-tune 300"
    )
