from __future__ import annotations

import pytest

from dlscope.core.errors import ManifestError
from dlscope.methods.codesign.named_space import named_space


def test_a_space_of_the_catalog_is_found_by_its_name() -> None:
    assert named_space("tiny_grey_4").size().networks == 625


def test_an_unknown_space_is_refused_with_the_nearest() -> None:
    with pytest.raises(ManifestError) as refused:
        named_space("tiny_gray_4")
    assert refused.value.what == "there is no space 'tiny_gray_4'"
    assert "tiny_grey_4" in refused.value.fix
