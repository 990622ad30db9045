from __future__ import annotations

from dlscope.core.manifest import StackLock

LOCK = StackLock(
    python="3.10.13", platform="linux-x86_64", requirements=("numpy==1.26.4", "onnxruntime==1.18.0")
)


def test_tells_the_version_of_each_distribution() -> None:
    assert LOCK.packages == {"numpy": "1.26.4", "onnxruntime": "1.18.0"}


def test_is_the_same_after_writing_and_reading() -> None:
    read = StackLock.model_validate_json(LOCK.model_dump_json())
    assert read == LOCK
    assert read.digest == LOCK.digest


def test_another_python_is_another_stack() -> None:
    assert LOCK.model_copy(update={"python": "3.10.14"}).digest != LOCK.digest
