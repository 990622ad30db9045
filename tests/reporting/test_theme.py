from __future__ import annotations

import pytest

from dlscope.reporting.theme import DARK, LIGHT, color, config, css_variables, in_light


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_its_ground(tokens):
    for name in ("ink", "ink-2", "ink-3", "accent", "good", "warn", "bad"):
        assert _contrast(tokens[name], tokens["bg"]) >= 4.5, name
    for name in ("good", "warn", "bad"):
        assert _contrast(tokens[name], tokens[f"{name}-soft"]) >= 4.5, name
    for name in ("s1", "s2", "s3", "s4", "s6"):
        assert _contrast(tokens[name], tokens["bg"]) >= 3, name


def test_both_themes_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()


def test_pictures_get_light_values_for_all_variables():
    drawn = in_light({"a": [color(name) for name in LIGHT], **config()})
    assert "var(" not in str(drawn)
    assert drawn["a"] == list(LIGHT.values())


def test_tokens_become_declarations():
    assert css_variables({"ink": "#14181d", "bg": "#ffffff"}) == "--ink:#14181d;--bg:#ffffff;"
