"""Judging what a search brought: some applications ignore the filter and return everyone."""

from dataclasses import dataclass
from typing import Any

from provisor.scim.answers import Listing
from provisor.scim.filter import equality, matches
from provisor.scim.filter_parse import parse_filter
from provisor.scim.path import read
from provisor.scim.resource import fold, same_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result of a search, each hit checked against the value that was asked for.

    `hits` have the value and an id. `ignored_filter`: resources with quite another value came too, so that
    an empty `hits` proves nothing. `unproved` counts resources that do not show the attribute at all.
    `total` is what the application claims to have found, None when it claims nothing.
    """

    hits: list[dict[str, Any]]
    ignored_filter: bool
    total: int | None
    unproved: int = 0


def judge(listing: Listing, path: str, value: str) -> Search:
    """Sort what came into hits, near matches, strangers and those that cannot be judged."""
    hits: list[dict[str, Any]] = []
    unproved, ignored = 0, False
    for resource in listing.resources:
        found = _values(resource, path)
        if not found or not resource.get("id"):
            unproved += 1
        elif _is_hit(resource, found, path, value):
            hits.append(resource)
        elif not ignored:
            ignored = not any(_is_near(each, value) for each in found)
    return Search(hits=hits, ignored_filter=ignored, total=listing.total, unproved=unproved)


def _values(resource: dict[str, Any], path: str) -> list[Any]:
    found = read(resource, path)
    return [
        each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str) and each
    ]


def _is_hit(resource: dict[str, Any], found: list[Any], path: str, value: str) -> bool:
    """By the first value at the path or, where several elements fit its filter, by any."""
    if any(same_key(path, each, value) for each in found):
        return True
    return "[" in path and matches(parse_filter(equality(path, value)), resource)


def _is_near(found: str, value: str) -> bool:
    """A match by a laxer rule than ours, such as case: no hit, but no sign of an ignored filter either."""
    return fold(found) == fold(value)
