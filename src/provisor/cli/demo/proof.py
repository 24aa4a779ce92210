"""The proof: what the server holds equals what the directory says, or each difference in a sentence. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from provisor.cli.demo.expected import Attributes, Expected, attributes_of
from provisor.cli.demo.snapshot import Resource, Snapshot, members_of
from provisor.scim.schemas import ENTERPRISE_SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How much was compared, and every difference."""

    users: int
    attributes: int
    groups: int
    memberships: int
    differences: tuple[str, ...]


def prove(expected: Expected, inactive: frozenset[str], held: Snapshot) -> Proof:
    """Compare every account and every group; `inactive` are the user names whose account must be switched off."""
    names = {user_id: str(user.get("userName")) for user_id, user in held.users.items()}
    users, unclear = _by_name(held.users, "userName", "account")
    groups, unclear_groups = _by_name(held.groups, "displayName", "group")
    differences = [
        *unclear,
        *unclear_groups,
        *_in_users(expected, inactive, users, names),
        *_in_inactive(inactive, users),
        *_in_groups(expected, inactive, groups, names),
    ]
    return Proof(
        users=len(users),
        attributes=sum(map(len, expected.users.values())) + len(inactive),
        groups=len(groups),
        memberships=sum(len(members_of(group)) for group in groups.values()),
        differences=tuple(differences),
    )


def _by_name(
    resources: Mapping[str, Resource], attribute: str, noun: str
) -> tuple[dict[str, Resource], list[str]]:
    found: dict[str, Resource] = {}
    twice = []
    for resource in resources.values():
        name = str(resource.get(attribute))
        if name in found:
            twice.append(f'The server holds the {noun} "{name}" twice.')
        found[name] = resource
    return found, twice


def _in_users(
    expected: Expected, inactive: frozenset[str], held: Mapping[str, Resource], names: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted(expected.users.keys() - held.keys()):
        yield f'The account "{name}" is missing.'
    for name in sorted(held.keys() - expected.users.keys() - inactive):
        yield f'The account "{name}" should not be there.'
    for name in sorted(expected.users.keys() & held.keys()):
        yield from _in_attributes(name, expected.users[name], _read(held[name], names))


def _read(user: Resource, names: Mapping[str, str]) -> Attributes:
    manager = ((user.get(ENTERPRISE_SCHEMA) or {}).get("manager") or {}).get("value")
    shown = None if manager is None else names.get(manager, f"nobody (id {manager})")
    return attributes_of(user, external_id=user.get("externalId"), manager=shown)


def _in_attributes(name: str, wanted: Attributes, held: Attributes) -> Iterator[str]:
    for attribute in sorted(wanted.keys() | held.keys()):
        if wanted.get(attribute) != held.get(attribute):
            yield (
                f'The account "{name}" has {attribute} {_shown(held.get(attribute))} and should have '
                f"{_shown(wanted.get(attribute))}."
            )


def _shown(value: object) -> str:
    return "nothing" if value is None else f'"{value}"'


def _in_inactive(inactive: frozenset[str], held: Mapping[str, Resource]) -> Iterator[str]:
    for name in sorted(inactive):
        if name not in held:
            yield f'The account "{name}" should be there, switched off, and is gone.'
        elif held[name].get("active") is not False:
            yield f'The account "{name}" should be switched off, and is active.'


def _in_groups(
    expected: Expected, inactive: frozenset[str], held: Mapping[str, Resource], names: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted(expected.groups.keys() - held.keys()):
        yield f'The group "{name}" is missing.'
    for name in sorted(held.keys() - expected.groups.keys()):
        yield f'The group "{name}" should not be there.'
    # A member without an account cannot be in a group; one whose account is switched off stays in it.
    accounts = expected.users.keys() | inactive
    for name in sorted(expected.groups.keys() & held.keys()):
        wanted = expected.groups[name] & accounts
        members = {names.get(one, f"nobody (id {one})") for one in members_of(held[name])}
        yield from (f'The group "{name}" lacks "{one}".' for one in sorted(wanted - members))
        yield from (
            f'The group "{name}" holds "{one}", who should not be in it.' for one in sorted(members - wanted)
        )
