"""What was typed before an application exists: in the session, by name, and never a secret."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.http import HttpRequest

from provisor.applications.profiles import GENERIC
from provisor.directory.names import fold

_KEY: Final = "application-drafts"
_MOST: Final = 5
#: Longest text that is kept; longer ones are refused by every service.
_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An application that somebody began to add. `values` holds what is no secret, by name of the form's field."""

    name: str
    profile: str = GENERIC
    base_url: str = ""
    method: str = ""
    values: dict[str, str] = field(default_factory=dict)


def drafts_of(request: HttpRequest) -> list[Draft]:
    """The drafts of this session, the newest first."""
    kept = request.session.get(_KEY, [])
    return [Draft(**each) for each in kept]


def find_draft(request: HttpRequest, name: str) -> Draft | None:
    """The draft of this name; upper and lower case make no difference."""
    return next((each for each in drafts_of(request) if fold(each.name) == fold(name)), None)


def keep_draft(request: HttpRequest, draft: Draft) -> None:
    """Keep a draft in place of the one with its name; the oldest goes when there are too many."""
    others = [each for each in drafts_of(request) if fold(each.name) != fold(draft.name)]
    request.session[_KEY] = [_cut(asdict(each)) for each in [draft, *others][:_MOST]]


def forget_draft(request: HttpRequest, name: str) -> None:
    """Forget the draft of this name, if there is one."""
    if find_draft(request, name) is not None:
        request.session[_KEY] = [asdict(each) for each in drafts_of(request) if fold(each.name) != fold(name)]


def _cut(kept: dict[str, Any]) -> dict[str, Any]:
    texts = {name: value[:_LONGEST] for name, value in kept.items() if isinstance(value, str)}
    return kept | texts | {"values": {name: text[:_LONGEST] for name, text in kept["values"].items()}}
