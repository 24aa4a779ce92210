"""All strings are ready for translation: no template says a word that gettext does not see."""

import re
from pathlib import Path

import pytest

from provisor import console

TEMPLATES = Path(console.__file__).parent / "templates"

#: What gettext sees, and what nobody reads as prose: tags and values of the template, comments, code.
_SEEN = (
    r"{%\s*comment\b.*?{%\s*endcomment\s*%}",
    r"{#.*?#}",
    r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}",
    # blocks that hold class names and attributes
    r"{%\s*block (?:width|body|across)\s*%}.*?{%\s*endblock\s*%}",
    r"{%.*?%}",
    r"{{.*?}}",
    r"<(kbd|code|pre|script|style|svg)\b.*?</\1>",
    r"<!--.*?-->",
    r"&\w+;",
)
_READ_ALOUD = re.compile(r'\s(?:title|placeholder|alt|aria-label|data-label|data-copied|data-lost)="([^"]*)"')
#: Names of products, units, and expressions.
_SAME_EVERYWHERE = re.compile(
    r"\b(?:Provisor|Python|Django|SQLite|PostgreSQL|Apache License 2\.0|ms|team-|(?:user|group)\.\w+(?:\.\w+)*)"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def _templates() -> list[Path]:
    """All but the page of samples, which only shows what the parts look like."""
    return sorted(path for path in TEMPLATES.rglob("*.html") if path.name != "samples.html")


def _unseen(text: str) -> list[str]:
    for pattern in _SEEN:
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    spoken = _READ_ALOUD.findall(text)
    text = re.sub(r'\s[\w-]+="[^"]*"', " ", text)
    spoken += re.sub(r"<[^>]*>", "\n", text).split("\n")
    said = (_SAME_EVERYWHERE.sub(" ", part).strip() for part in spoken)
    return [part for part in said if _WORD.search(part)]


@pytest.mark.parametrize("template", _templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_word_of_a_template_is_seen_by_gettext(template: Path):
    assert _unseen(template.read_text()) == []


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("<p>Nothing yet</p>", ["Nothing yet"]),
        ('<p>{% translate "Nothing yet" %}</p>', []),
        ('<a title="More">{{ name }}</a>', ["More"]),
        ("{% blocktranslate %}So <b>many</b>{% endblocktranslate %} ·", []),
    ],
)
def test_the_search_finds_what_is_not_seen(text: str, unseen: list[str]):
    assert _unseen(text) == unseen
