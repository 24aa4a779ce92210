"""The colours of the style sheet: enough contrast in both themes (WCAG 2.2, 1.4.3)."""

import re
from pathlib import Path

import pytest

from provisor import console

_SHEET = (Path(console.__file__).parent / "static/console/console.css").read_text(encoding="utf-8")
_THEMES = dict(zip(("light", "dark"), re.findall(r"\{([^}]*--paper: [^}]*)\}", _SHEET), strict=True))
_TEXT = ("ink", "faint", "accent", "good", "busy", "amber", "bad", "violet")
_PAIRS = [(text, ground) for text in _TEXT for ground in ("paper", "shade")] + [("on-accent", "accent")]


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.parametrize(("text", "ground"), _PAIRS)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str):
    """At least 4.5 to 1, for every colour of text on every ground."""
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", _THEMES[theme]))
    bright, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5
