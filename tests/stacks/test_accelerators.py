from __future__ import annotations

import os
from pathlib import Path

import pytest

from dlscope.core.manifest.system import Accelerator
from dlscope.stacks.accelerators import accelerators, parse_nvidia


def test_reads_what_nvidia_smi_prints() -> None:
    text = "NVIDIA H100 80GB HBM3, 81559, 570.86.15, 9.0\nOld, [N/A], 390.1, [N/A]\n"
    assert parse_nvidia(text) == (
        Accelerator(
            vendor="nvidia",
            name="NVIDIA H100 80GB HBM3",
            memory_bytes=81559 << 20,
            driver="570.86.15",
            compute_capability="9.0",
        ),
        Accelerator(vendor="nvidia", name="Old", memory_bytes=0, driver="390.1"),
    )


@pytest.mark.skipif(os.name != "posix", reason="writes a shell script")
@pytest.mark.parametrize(
    ("script", "names"),
    [("echo 'Card, 1024, 1.2, 8.6'", ["Card"]), ("echo 'no driver' >&2; exit 9", [])],
)
def test_asks_the_tool_and_survives_its_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, names: list[str]
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert [device.name for device in accelerators()] == names


def test_there_are_none_without_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert accelerators() == ()
