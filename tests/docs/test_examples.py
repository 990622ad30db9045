from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from dlscope import api

EXAMPLES = Path(__file__).parents[2] / "examples"
# What CONTRIBUTING.md promises of each.
LINES = {
    "plugin_backend": 40,
    "backend_without_fusion": 40,
    "plugin_analysis": 30,
    "analysis_of_first_queries": 30,
    "plugin_step": 15,
    "step_with_a_parameter": 15,
}
BOARD = EXAMPLES / "board"


def sources(example: str) -> list[Path]:
    return sorted((EXAMPLES / example / "src").rglob("*.py"))


def code_lines(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(bool(line.strip()) for line in lines)


def write_metadata(site: Path, project: Mapping[str, object]) -> None:
    """What an installer would leave in site-packages, so that the plugin can be found."""
    folder = site / f"{str(project['name']).replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir()
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


def test_all_pass_their_tests_side_by_side(tmp_path: Path) -> None:
    folders = [installed(example, tmp_path) for example in LINES]
    tests = [str(EXAMPLES / example / "tests") for example in (*LINES, BOARD.name)]
    path = os.pathsep.join(map(str, (tmp_path, *folders)))
    assert_passes(EXAMPLES, path, "-W", "error", "--import-mode=importlib", *tests)


@pytest.mark.slow
@pytest.mark.parametrize("example", LINES)
def test_passes_its_own_tests_alone(example: str, tmp_path: Path) -> None:
    source = installed(example, tmp_path)
    assert_passes(EXAMPLES / example, f"{tmp_path}{os.pathsep}{source}")


def test_the_board_is_implemented_as_its_page_says() -> None:
    templates = api.describe_templates("tiny_grey_4", f"{BOARD / 'kv260.yaml'}:pipelined")
    assert len(templates.table("templates")) > 0


def installed(example: str, site: Path) -> Path:
    """The folder to import an example from, what it declares written into `site`."""
    project = tomllib.loads((EXAMPLES / example / "pyproject.toml").read_text())["project"]
    write_metadata(site, project)
    return EXAMPLES / example / "src"


def assert_passes(folder: Path, path: str, *arguments: str) -> None:
    """Run the tests in `folder` as their author would, with `path` to import from."""
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *arguments,
        ],
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
