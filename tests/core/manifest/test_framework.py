from __future__ import annotations

import pytest

from dlscope.core.manifest import FrameworkManifest


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1.20.1", "1.20.1"),
        ("2.13.0+cpu", "2.13.0+cpu"),
        ("5.0.0.93", "5.0.0.93"),
        ("0.27.0.post1", "0.27.0.post1"),
        ("2.6.0.dev20241112+cpu", "2.6.0-dev.20241112+cpu"),
        ("2.0.0rc1", "2.0.0-rc.1"),
    ],
)
def test_takes_the_versions_that_frameworks_have(framework_data, written: str, kept: str) -> None:
    framework = FrameworkManifest.model_validate({**framework_data, "version": written})
    assert framework.version == kept
    assert framework.identity == f"onnxruntime@{kept}"
    assert FrameworkManifest.model_validate(framework.to_json()) == framework


def test_the_version_is_exact(framework_data, problems_of) -> None:
    framework_data["version"] = ">=1.20"
    assert problems_of(FrameworkManifest, framework_data) == [
        ("'>=1.20' is not a version", "version", "use an exact version such as 1.31.1")
    ]
