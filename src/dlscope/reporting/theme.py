"""The figure theme `dlscope`: Vega-Lite configuration, and colours as CSS variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dlscope.core.units import MINUS, THIN_SPACE

SERIES = ("s1", "s3", "s2", "s4")
SHAPES = ("circle", "square", "triangle-up", "diamond")
CONTEXT = "s6"
LIGHT: Mapping[str, str] = {
    "bg": "#ffffff",
    "surface": "#f5f7f9",
    "raise": "#ffffff",
    "line": "#dde2e8",
    "line-2": "#eef1f4",
    "ink": "#14181d",
    "ink-2": "#46505b",
    "ink-3": "#646e7a",
    "accent": "#0b5fa5",
    "accent-soft": "#e4eff9",
    "good": "#0b6e4f",
    "good-soft": "#e1f3ec",
    "warn": "#8a5300",
    "warn-soft": "#fbf0dc",
    "bad": "#a8321a",
    "bad-soft": "#fbe8e3",
    "s1": "#1f6fb2",
    "s1-soft": "#bcd6ec",
    "s2": "#c97a00",
    "s2-soft": "#f3dcb3",
    "s3": "#178467",
    "s3-soft": "#b9ddd0",
    "s4": "#a8518a",
    "s4-soft": "#e6c8db",
    "s6": "#87929d",
    "s6-soft": "#dfe4e8",
    "h0": "#f3f7fb",
    "h1": "#cfe0f0",
    "h2": "#9fc3e2",
    "h3": "#649ecf",
    "h4": "#2d76b5",
    "h5": "#0f4f88",
}
DARK: Mapping[str, str] = {
    "bg": "#11151a",
    "surface": "#181d23",
    "raise": "#1c222a",
    "line": "#313a44",
    "line-2": "#232a32",
    "ink": "#e9edf1",
    "ink-2": "#b6c0ca",
    "ink-3": "#94a0ac",
    "accent": "#6bb1ee",
    "accent-soft": "#17324a",
    "good": "#58c79f",
    "good-soft": "#12352a",
    "warn": "#e5ab4f",
    "warn-soft": "#3a2c12",
    "bad": "#f08a70",
    "bad-soft": "#43211a",
    "s1": "#4f9fe0",
    "s1-soft": "#234a6b",
    "s2": "#dd9a35",
    "s2-soft": "#5b4217",
    "s3": "#35b08b",
    "s3-soft": "#1c4d3f",
    "s4": "#cf82b2",
    "s4-soft": "#593750",
    "s6": "#76828e",
    "s6-soft": "#333c45",
    "h0": "#182029",
    "h1": "#1b3550",
    "h2": "#21507c",
    "h3": "#2f74b0",
    "h4": "#5c9fdb",
    "h5": "#b3d6f5",
}
LOCALE: Mapping[str, Any] = {
    "decimal": ".",
    "thousands": THIN_SPACE,
    "grouping": [3],
    "currency": ["", ""],
    "minus": MINUS,
}
FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"


def color(token: str) -> str:
    """The colour named `token` as a CSS variable, which page and theme resolve."""
    return f"var(--{token})"


def css_variables(tokens: Mapping[str, str]) -> str:
    """Declarations of `tokens`, one after another, without a selector."""
    return "".join(f"--{name}:{value};" for name, value in tokens.items())


def tokens(selector: str, under: str) -> str:
    """Colours for `selector`: light, dark where the system says so, and as the page asks."""
    light, dark = css_variables(LIGHT), css_variables(DARK)
    asks = (
        (":root[data-theme=light]", ":root[data-theme=dark]")
        if not under
        else (
            f'[data-jp-theme-light="true"]{under},.vscode-light{under}',
            f'[data-jp-theme-light="false"]{under},.vscode-dark{under}',
        )
    )
    return (
        f"{selector}{{color-scheme:light dark;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}\n"
        f"{asks[0]}{{color-scheme:light;{light}}}\n"
        f"{asks[1]}{{color-scheme:dark;{dark}}}\n"
    )


def in_light(spec: Mapping[str, Any]) -> dict[str, Any]:
    """`spec` with every CSS variable replaced by its light value, for PNG and PDF."""
    text = json.dumps(spec)
    for name, value in LIGHT.items():
        text = text.replace(f"var(--{name})", value)
    replaced: dict[str, Any] = json.loads(text)
    return replaced


def config() -> dict[str, Any]:
    """The Vega-Lite `config` of every figure: horizontal grid, no frame, small grey labels."""
    return {
        "font": FONT,
        "background": None,
        "view": {"stroke": None},
        "axis": {
            "labelColor": color("ink-2"),
            "labelFontSize": 11,
            "titleColor": color("ink-2"),
            "titleFontSize": 11.5,
            "titleFontWeight": 500,
            "tickColor": color("line"),
            "domainColor": color("line"),
            "gridColor": color("line-2"),
            "labelPadding": 6,
        },
        "axisX": {"grid": False},
        "axisY": {
            "domain": False,
            "ticks": False,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "start",
            "titleX": 0,
            "titleY": -12,
        },
        "header": {
            "labelColor": color("ink"),
            "labelFontSize": 12,
            "labelFontWeight": 600,
            "labelAnchor": "start",
            "title": None,
        },
        "line": {"strokeWidth": 1.6},
        "point": {"filled": True, "size": 50},
        "legend": {"disable": True},
        "text": {"color": color("ink"), "fontSize": 11},
    }
