"""The searches of a store: which there are, by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.codesign.search_record import SearchRecord

_REQUEST, _RECORD = "request.json", "record.json"


def list_searches(*, store: str | None = None) -> Report:
    """Every co-design search of the store, the newest first; then what has not ended."""
    from dlscope.api.search_inputs import searches_folder
    from dlscope.methods.codesign.telling.listing import listing_report

    ended: list[SearchRecord] = []
    others: dict[str, str] = {}
    for request in sorted(searches_folder(store).glob(f"*/{_REQUEST}")):
        found = _record(request.parent)
        if isinstance(found, str):
            others[request.parent.name] = found
        else:
            ended.append(found)
    return listing_report(ended, others)


def search_names(*, store: str | None = None) -> tuple[str, ...]:
    """Names of the searches of the store that have ended."""
    from dlscope.api.search_inputs import searches_folder

    return tuple(sorted(path.parent.name for path in searches_folder(store).glob(f"*/{_RECORD}")))


def _record(folder: Path) -> SearchRecord | str:
    """The record of the search in `folder`, or why there is none."""
    from dlscope.core.errors import DlscopeError
    from dlscope.methods.codesign.searching.run_folder import read_record

    try:
        return read_record(folder) or "not ended"
    except (DlscopeError, OSError, ValueError, KeyError, TypeError):
        return "unreadable"
