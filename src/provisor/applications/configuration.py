"""The settings of an application as one document: what it may say, and what is wrong with it."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from provisor.applications import shapes
from provisor.applications.addresses import read_address
from provisor.applications.exclusions import check_exclusions
from provisor.applications.launching import read_launch_address
from provisor.applications.profiles import GENERIC, Profile, catalogue, load_profile
from provisor.applications.refusals import Problems, pointer
from provisor.directory.models import CustomAttribute
from provisor.directory.names import clean
from provisor.directory.refusal import DirectoryRefusal
from provisor.mapping.problems import MappingRefused, did_you_mean
from provisor.mapping.rule import CustomAttributeSpec, read_rules
from provisor.mapping.vocabulary import Kind
from provisor.scim.addresses import PrivateTargets
from provisor.scim.dialect import Dialect
from provisor.scim.path import PathError, parse_path

#: Parts that a change is laid over, member by member; everything else is replaced as a whole.
MERGED: Final = ("features", "deprovision", "mappings", "matching", "limits", "brake", "drift")
#: Everything that an administrator sets, besides the credentials.
FIELDS: Final = (
    "name",
    "profile",
    "base_url",
    *MERGED,
    "mode",
    "delete_after_days",
    "exclusions",
    "launch_url",
)

_SHAPES: Final[Mapping[str, shapes.Shape]] = {
    "features": shapes.FEATURES,
    "deprovision": shapes.DEPROVISION,
    "limits": shapes.LIMITS,
    "brake": shapes.BRAKE,
    "drift": shapes.DRIFT,
    "matching": shapes.MATCHING,
    "mode": shapes.MODE,
    "delete_after_days": shapes.DELETE_AFTER_DAYS,
    "exclusions": shapes.EXCLUSIONS,
}
_KINDS: Final[Mapping[str, Kind]] = {"users": "user", "groups": "group"}


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the changes in it: objects member by member, lists and values as a whole."""
    whole = {name: value for name, value in changes.items() if name not in MERGED}
    parts = {name: shapes.merged(base.get(name), changes[name]) for name in MERGED if name in changes}
    return dict(base) | whole | parts


def read_profile_id(profile_id: object, problems: Problems) -> Profile:
    """The profile of this id; the generic one, and a problem reported, when there is none such."""
    known = {profile.id for profile in catalogue()}
    if isinstance(profile_id, str) and profile_id in known:
        return load_profile(profile_id)
    hint = did_you_mean(str(profile_id), known, 'Leave it out, or use "generic".')
    problems.add("/profile", f'There is no profile "{profile_id}".', hint)
    return load_profile(GENERIC)


def check(
    document: dict[str, Any],
    changes: Mapping[str, Any],
    dialect: Dialect,
    problems: Problems,
    *,
    known_url: str | None = None,
    networks: PrivateTargets = (),
) -> dict[str, Any]:
    """Check what was changed in a document, report every problem, and return the document in canonical form.

    Only what `changes` names is checked: a rule that was fine when it was saved, and is not any more, must not
    stand in the way of another change. For the same reason a base URL that is still `known_url` is not judged
    again; whether anything is sent there is decided at each connection.
    """
    changed = changes.keys()
    for name in changed & _SHAPES.keys():
        _SHAPES[name].check(document[name], pointer("", name), problems)
    if "name" in changed:
        document["name"] = read_name(document["name"], "Give the application a name of its own.", problems)
    if "base_url" in changed and (known_url is None or document["base_url"] != known_url):
        document["base_url"] = read_address(document["base_url"], "/base_url", problems, networks)
    if "exclusions" in changed:
        check_exclusions(document["exclusions"], problems)
    if "launch_url" in changed:
        document["launch_url"] = read_launch_address(document["launch_url"], "/launch_url", problems)
    if "deprovision" in changed:
        _check_verbs(changes["deprovision"], dialect, problems)
    if "mappings" in changed or "matching" in changed:
        _check_mappings(document, changed, problems)
    return document


def read_name(text: object, hint: str, problems: Problems) -> str:
    """Check a name by the rules of the directory, and return it without outer white space."""
    try:
        return clean(text, "name")
    except DirectoryRefusal as refusal:
        problems.add("/name", refusal.reason, hint)
        return ""


def _check_verbs(given: object, dialect: Dialect, problems: Problems) -> None:
    """Refuse a deletion that the application is known not to have; what it once chose stays as it is."""
    if dialect.delete_users or not isinstance(given, dict):
        return
    for cause, action in given.items():
        if action == "delete":
            problems.add(
                pointer("/deprovision", cause),
                "This application cannot delete users.",
                'Choose "deactivate" or "keep".',
            )


def _check_mappings(document: Mapping[str, Any], changed: Collection[str], problems: Problems) -> None:
    mappings, matching = document["mappings"], document["matching"]
    if not isinstance(mappings, dict):
        problems.add("/mappings", "This is not an object.", 'Give an object with "users" and "groups".')
        return
    for name in mappings.keys() - _KINDS.keys():
        problems.unknown_name("/mappings", name, _KINDS)
    for plural, kind in _KINDS.items():
        if "mappings" in changed:
            _check_rules(mappings[plural], plural, kind, problems)
        if isinstance(matching, dict):
            _check_matching(matching.get(plural), mappings[plural], plural, problems)


def _check_rules(rules: Any, plural: str, kind: Kind, problems: Problems) -> None:
    try:
        read_rules(rules, kind, _custom_attributes())
    except MappingRefused as refused:
        for problem in refused.problems:
            problems.add(_mapping_place(problem.place, plural), problem.reason, problem.hint)


def _custom_attributes() -> list[CustomAttributeSpec]:
    rows = CustomAttribute.objects.all()
    return [
        CustomAttributeSpec(schema=r.schema, name=r.name, type=r.type, multi_valued=r.multi_valued)
        for r in rows
    ]


def _mapping_place(place: str, plural: str) -> str:
    """Turn `users[3].source` into `/mappings/users/3/source`."""
    steps = re.findall(r"[^.\[\]]+", place) or [plural]
    return pointer("/mappings", *(steps if steps[0] == plural else [plural, *steps]))


def _check_matching(paths: Any, rules: Any, plural: str, problems: Problems) -> None:
    """A matching attribute must be one that is mapped: its value is what a search asks for."""
    if not isinstance(paths, list) or not isinstance(rules, list):
        return
    place = pointer("/matching", plural)
    if not paths:
        problems.add(
            place, "Nothing is named that would find an existing resource.", "Name at least one attribute."
        )
    targets = {_folded(rule.get("target")) for rule in rules if isinstance(rule, dict)}
    for position, path in enumerate(paths):
        if isinstance(path, str) and path.strip() and _folded(path) not in targets:
            problems.add(
                pointer(place, position),
                f'"{path}" is not mapped, so there is no value to search for.',
                "Add a mapping for it, or name one of the mapped attributes.",
            )


def _folded(path: object) -> str:
    """The canonical text of a path, without regard to case; a text that is no path stands for itself."""
    try:
        return str(parse_path(str(path))).casefold()
    except PathError:
        return str(path).casefold()
