from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import SearchError


def test_a_search_that_goes_on_cannot_be_compared(searched: Path) -> None:
    with pytest.raises(SearchError, match="the search has not ended"):
        api.compare_searches(["abc"], store=str(searched))
