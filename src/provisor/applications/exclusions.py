"""Protected accounts: who is named by hand, or found by a rule, is never written to in an application."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provisor.applications.refusals import Problems, pointer
from provisor.directory.names import fold
from provisor.scim.filter import FilterError, matches, parse_filter


def check_exclusions(entries: object, problems: Problems) -> None:
    """Report each entry that is meant as a rule and cannot be read as a filter."""
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str) and _is_rule(entry):
            try:
                parse_filter(entry)
            except FilterError as error:
                problems.add(
                    pointer("/exclusions", position),
                    f'"{entry}" has white space in it, so it is read as a SCIM filter, and it is none: {error}.',
                    'Name one user without white space, or write a filter such as userName sw "svc-".',
                )


def excluded_by(entries: Iterable[str]) -> Callable[[Mapping[str, Any]], bool]:
    """A test of whether a user of the directory, as its SCIM resource with `id`, is protected.

    An entry without white space is a user name or an id; one with white space is a SCIM filter (RFC 7644,
    section 3.4.2.2) over the user's resource.
    """
    entries = tuple(entries)
    names = {fold(entry) for entry in entries if not _is_rule(entry)}
    rules = tuple(parse_filter(entry) for entry in entries if _is_rule(entry))

    def is_excluded(user: Mapping[str, Any]) -> bool:
        named = names and (
            fold(str(user.get("userName", ""))) in names or fold(str(user.get("id", ""))) in names
        )
        return bool(named) or any(matches(rule, user) for rule in rules)

    return is_excluded


def _is_rule(entry: str) -> bool:
    return len(entry.split()) > 1
