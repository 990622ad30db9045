"""What pages take over from files of the repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def include(path: str, language: str = "") -> str:
    """The file at `path`, from the root of the repository, as a fenced block."""
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    language = language or {".py": "python", ".toml": "toml", ".yaml": "yaml"}[Path(path).suffix]
    return f"```{language}\n{text}\n```\n"


def entry_point(example: str) -> str:
    """The entry point that the package in the folder `example` declares, as it stands there."""
    text = (ROOT / example / "pyproject.toml").read_text(encoding="utf-8")
    section = next(part for part in text.split("\n\n") if part.startswith("[project.entry-points"))
    return f"```toml\n{section}\n```\n"
