from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# What CONTRIBUTING.md promises of each.
LINES = {"plugin_backend": 40, "plugin_analysis": 30, "plugin_step": 15}


def sources(example: str) -> list[Path]:
    return sorted((EXAMPLES / example / "src").rglob("*.py"))


def code_lines(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(bool(line.strip()) for line in lines)


def write_metadata(site: Path, project: Mapping[str, object]) -> None:
    """What an installer would leave in site-packages, so that the plugin can be found."""
    folder = site / f"{str(project['name']).replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (folder / "METADATA").write_text(metadata)
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()  # type: ignore[attr-defined]
    ]
    (folder / "entry_points.txt").write_text("\n".join(groups))


def test_each_example_is_one_of_those_promised() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/pyproject.toml")} == set(LINES)


@pytest.mark.parametrize("example", LINES)
def test_is_as_short_as_promised(example: str) -> None:
    assert sum(map(code_lines, sources(example))) <= LINES[example]


@pytest.mark.parametrize("example", LINES)
def test_passes_its_own_tests(example: str, tmp_path: Path) -> None:
    folder = EXAMPLES / example
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    write_metadata(tmp_path / "site", project)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{folder / 'src'}"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
