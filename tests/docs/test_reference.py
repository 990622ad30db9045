from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

import dlscope
from dlscope.cli.app import app
from dlscope.core import errors, registry
from dlscope.core.manifest import KINDS

DOCS = Path(__file__).parents[2] / "docs"


def headings(page: str) -> set[str]:
    lines = (DOCS / "reference" / page).read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("## ") for line in lines if line.startswith("## ")}


def commands(command: Any, path: tuple[str, ...] = ("dlscope",)) -> Iterator[str]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    else:
        yield " ".join(path)


def family(kind: type[errors.DlscopeError]) -> Iterator[str]:
    yield kind.__name__
    for each in kind.__subclasses__():
        yield from family(each)


def test_every_command_is_documented() -> None:
    assert set(commands(get_command(app))) <= headings("cli.md")


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("steps", "steps.md"),
        ("backends", "backends.md"),
        ("analyses", "tables.md"),
        ("devices", "devices.md"),
    ],
)
def test_every_plugin_is_documented(kind: str, page: str) -> None:
    assert set(registry.names(kind)) <= headings(page)


@pytest.mark.parametrize("name", registry.names("analyses"))
def test_every_column_is_documented(name: str) -> None:
    text = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
    columns = registry.load("analyses", name)().table([]).columns
    assert [each.name for each in columns if f"| `{each.name}` |" not in section] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_manifest_is_documented(kind: str) -> None:
    text = (DOCS / "reference" / "manifests.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    assert [name for name in KINDS[kind].model_fields if f"| `{name}` |" not in section] == []


def test_every_error_is_documented() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    assert [name for name in family(errors.DlscopeError) if f"`{name}`" not in text] == []


def test_every_public_function_is_documented() -> None:
    functions = {name for name in dlscope.__all__ if name[0].islower()}
    assert functions <= headings("python.md")


def test_every_page_is_in_the_menu() -> None:
    menu = yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(_leaves(menu)) == pages


def _leaves(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for each in entry.values() if isinstance(entry, dict) else entry:
            yield from _leaves(each)
