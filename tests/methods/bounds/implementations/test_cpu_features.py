from __future__ import annotations

import pytest

from dlscope.methods.bounds.implementations import cpu_features
from dlscope.methods.bounds.implementations.cpu_features import missing_instructions
from dlscope.stacks.system import system


@pytest.fixture
def features(monkeypatch):
    def give(*names: str) -> None:
        cpu = system().cpu.model_copy(update={"features": names})
        machine = system().model_copy(update={"cpu": cpu})
        monkeypatch.setattr(cpu_features, "system", lambda: machine)

    return give


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("avx512_bf16", "bfloat16"),
        ("amx_bf16", "bfloat16"),
        ("bf16", "bfloat16"),
        ("avx512_vnni", "int8"),
        ("avx_vnni", "int8"),
        ("asimddp", "int8"),
    ],
)
def test_one_kind_of_instructions_is_enough_for_its_own_type(features, name, dtype) -> None:
    features("avx2", name)
    other = {"bfloat16": "int8", "int8": "bfloat16"}[dtype]
    assert missing_instructions(dtype) is None
    assert missing_instructions(other) == f"this processor has no instructions for {other}"


def test_every_processor_has_the_long_types(features) -> None:
    features()
    assert missing_instructions("float32") is None
    assert missing_instructions("float64") is None
