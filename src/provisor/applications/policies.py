"""The services for policies: which group gets which application, and how its members sign in."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from provisor.applications import shapes
from provisor.applications.changes import difference, record_policy, save_counted
from provisor.applications.configuration import read_name
from provisor.applications.documents import policy_document
from provisor.applications.granting import can_combine
from provisor.applications.lookup import as_id, live_applications, locked_policy
from provisor.applications.models import Application, Policy
from provisor.applications.refusals import ConfigurationRefusal, Problems, RefusalKind, pointer
from provisor.applications.scoping import check_policy_scope
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.directory.models import Group


class ScopeFilter:
    """A filter that compiles, or an empty text."""

    def check(self, value: object, place: str, problems: Problems) -> None:  # noqa: ARG002 - it has one place
        check_policy_scope(value, problems)


_SHAPES: Final[Mapping[str, shapes.Shape]] = {
    "login_method": shapes.Choice(tuple(Policy.LoginMethod.values)),
    "second_factor": shapes.Choice(tuple(Policy.SecondFactor.values)),
    "push_group": shapes.Switch(),
    "scope": ScopeFilter(),
    "roles": shapes.Texts("names of roles in the application"),
    "entitlements": shapes.Texts("names of entitlements in the application"),
}
#: What changes accounts: a name and how people sign in change none.
_SENT: Final = frozenset({"push_group", "scope", "roles", "entitlements"})
_ENDS: Final = ("application", "group")
_KNOWN: Final = ("name", *_ENDS, *_SHAPES)
_DEFAULTS: Final[Mapping[str, Any]] = {
    "login_method": Policy.LoginMethod.PASSWORD.value,
    "second_factor": Policy.SecondFactor.NONE.value,
    "scope": "",
    "roles": [],
    "entitlements": [],
}


def create_policy(*, actor: Actor, **fields: Any) -> Policy:
    """Grant an application to a group. Only `name`, `application` and `group` are needed; the last two as id or row.

    The group itself is pushed too, except Everyone. One policy per application and group.
    """
    with change():
        problems = Problems()
        application = _application(fields.get("application"), problems)
        group = _group(fields.get("group"), problems)
        pushed = group is not None and not group.is_everyone
        values = _checked({"name": None} | fields, {**_DEFAULTS, "push_group": pushed}, problems)
        problems.refuse_if_any()
        now = timezone.now()
        policy = Policy(application=application, group=group, created_at=now, updated_at=now, **values)
        _refuse_second(policy)
        policy.save(force_insert=True)
        record_policy("policy.created", policy, actor=actor, after=policy_document(policy))
    return policy


def update_policy(
    policy_id: UUID | str, changes: Mapping[str, Any], *, actor: Actor, version: int | None = None
) -> Policy:
    """Change what `changes` names. Application and group stay: another pair is another policy."""
    with change():
        policy = locked_policy(policy_id, version)
        before = policy_document(policy)
        problems = Problems()
        _refuse_other_ends(changes, before, problems)
        values = _checked(changes, {name: before[name] for name in ("name", *_SHAPES)}, problems)
        problems.refuse_if_any()
        for name, value in values.items():
            setattr(policy, name, value)
        old, new = difference(before, policy_document(policy))
        if new:
            save_counted(policy)
            anew = bool(new.keys() & _SENT)
            record_policy("policy.updated", policy, actor=actor, before=old, after=new, plan_anew=anew)
    return policy


def delete_policy(policy_id: UUID | str, *, actor: Actor, version: int | None = None) -> None:
    """Take the grant back: whom no other policy brings to the application is unassigned there."""
    with change():
        policy = locked_policy(policy_id, version)
        record_policy("policy.deleted", policy, actor=actor, before=policy_document(policy))
        policy.delete()


def _checked(given: Mapping[str, Any], base: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The values of a policy, what is given laid over `base`; only what is given is checked."""
    for name in given.keys() - set(_KNOWN):
        problems.unknown_name("", name, _KNOWN)
    values = {**base, **{name: given[name] for name in ("name", *_SHAPES) if name in given}}
    for name in given.keys() & _SHAPES.keys():
        _SHAPES[name].check(given[name], pointer("", name), problems)
    if "name" in given:
        values["name"] = read_name(given["name"], "Give the policy a name.", problems)
    if not problems and not can_combine(values["login_method"], values["second_factor"]):
        problems.add(
            "/second_factor",
            f'The second factor "{values["second_factor"]}" does not go with the login method '
            f'"{values["login_method"]}".',
            'A second factor goes with "password"; with "passwordless", "passkey" admits nothing but a passkey.',
        )
    return values


def _application(given: object, problems: Problems) -> Application | None:
    key = given.pk if isinstance(given, Application) else as_id(given)
    found = live_applications().filter(pk=key).first()
    if found is None:
        reason = "The application is missing." if given is None else f'There is no application "{given}".'
        problems.add("/application", reason, "Give the id of an application.")
    return found


def _group(given: object, problems: Problems) -> Group | None:
    key = given.pk if isinstance(given, Group) else as_id(given)
    found = Group.objects.filter(pk=key, deleted_at__isnull=True).first()
    if found is None:
        reason = "The group is missing." if given is None else f'There is no group "{given}".'
        problems.add("/group", reason, "Give the id of a group of the directory.")
    return found


def _refuse_other_ends(changes: Mapping[str, Any], before: Mapping[str, Any], problems: Problems) -> None:
    for end in _ENDS:
        if end in changes and str(getattr(changes[end], "pk", changes[end])) != before[end]:
            problems.add(
                pointer("", end),
                f"The {end} of a policy cannot be changed.",
                "Add a policy for the other one, then delete this one.",
            )


def _refuse_second(policy: Policy) -> None:
    """One policy per application and group. Writers take turns, so what is seen here stays true."""
    if Policy.objects.filter(application=policy.application, group=policy.group).exists():
        raise ConfigurationRefusal.of(
            RefusalKind.DUPLICATE,
            f'The group "{policy.group.display_name}" has a policy for "{policy.application.name}" already.',
            "Change that one: there is one policy per application and group.",
            place="/group",
        )
