from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import StackError
from dlscope.stacks.asking import StackRequest


@pytest.mark.parametrize(
    ("text", "request_", "shown"),
    [
        ("onnxruntime", StackRequest("onnxruntime"), "onnxruntime"),
        ("onnxruntime==1.18.0", StackRequest("onnxruntime", "==1.18.0"), "onnxruntime==1.18.0"),
        (
            "mxnet==1.9.1, python==3.8, numpy<1.24,>=1.20",
            StackRequest("mxnet", "==1.9.1", "==3.8.*", ("numpy<1.24,>=1.20",)),
            "mxnet==1.9.1,python==3.8.*,numpy<1.24,>=1.20",
        ),
        (
            "torch,python>=3.9,<3.12",
            StackRequest("torch", "", "<3.12,>=3.9"),
            "torch,python<3.12,>=3.9",
        ),
    ],
)
def test_reads_a_framework_and_what_is_beside_it(text, request_, shown) -> None:
    assert StackRequest.parse(text) == request_
    assert str(request_) == shown


@given(st.permutations(["numpy<2", "protobuf==3.20", "six>=1.15"]))
def test_the_order_of_pins_makes_no_other_stack(pins) -> None:
    assert StackRequest.parse(",".join(["tensorflow", *pins])) == StackRequest.parse(
        "tensorflow,numpy<2,protobuf==3.20,six>=1.15"
    )


@pytest.mark.parametrize(
    ("constraint", "versions"),
    [
        ("==1.18.0", "==1.18.0"),
        ("1.18.0", "==1.18.0"),
        ("^1.17", "<2.0.0,>=1.17.0"),
        (">=1.17,!=1.19.0", "!=1.19.0,>=1.17.0"),
        ("==2.0.0-rc.1", "==2.0.0rc1"),
        ("*", ""),
    ],
)
def test_a_constraint_becomes_what_an_installer_reads(constraint: str, versions: str) -> None:
    assert StackRequest.of("onnxruntime", constraint).versions == versions


def test_only_one_exact_version_is_the_version() -> None:
    assert StackRequest("a", "==1.18.0").version == "1.18.0"
    for versions in ("", ">=1.18", "==1.18.*", "==1.18.0,!=1.19"):
        assert StackRequest("a", versions).version is None


def test_alternatives_are_refused() -> None:
    with pytest.raises(StackError) as caught:
        StackRequest.of("torch", "1.9.0 || 2.1.0")
    assert caught.value.describe() == (
        "StackError: '1.9.0 || 2.1.0' leaves a choice that an installer cannot be given\n"
        "  where  stack torch\n"
        "  fix    ask for one range, or for an exact version"
    )


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(StackError) as caught:
        StackRequest.parse("onnxruntime=1.18")
    assert caught.value.describe() == (
        "StackError: 'onnxruntime=1.18' is not a framework and its version\n"
        "  where  stack onnxruntime=1.18\n"
        "  fix    write it as onnxruntime==1.18.0,python==3.10"
    )
