from __future__ import annotations

import pytest

from dlscope.agents.offers import offers
from dlscope.core.errors import PluginError
from dlscope.core.version import Version


def test_tells_exact_versions_without_importing_anything_here() -> None:
    found = offers(["mock"])
    assert list(found) == ["mock"]
    assert str(Version.parse(found["mock"].version)) == found["mock"].version
    assert (found["mock"].devices, found["mock"].levels) == (("cpu",), ("MODEL",))


def test_an_unknown_framework_is_refused() -> None:
    with pytest.raises(PluginError, match="there is no plugin 'mok' among the backends"):
        offers(["mok"])
