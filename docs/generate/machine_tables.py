"""Tables of what is here: the machine, the catalog, the papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.agents import capabilities
from dlscope.api import manifests as manifest_tables
from dlscope.api.papers import TABLES as PAPER_TABLES
from dlscope.core.table import Column


def machine_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    # Filling these would open every framework and every asset; their columns are enough here.
    yield "backends", "Printed by `doctor`.", capabilities._BACKEND_COLUMNS
    yield "assets", "Printed by `doctor`.", capabilities._ASSET_COLUMNS
    yield "system", "Printed by `systems`.", capabilities._SYSTEM_COLUMNS
    for kind, columns in manifest_tables._COLUMNS.items():
        yield f"{kind} (catalog)", f"Printed by `{kind}`.", columns
    yield "checked", "Printed by `manifest check`.", manifest_tables._CHECK_COLUMNS
    for name, columns in PAPER_TABLES.items():
        yield f"{name} (papers)", "Printed by `papers`.", columns
