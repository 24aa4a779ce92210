"""The steps of an explanation as the page shows them: with addresses, and with the way to mend what is missing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.permissions import Permission
from provisor.access.principals import Principal
from provisor.applications.models import Application
from provisor.directory.models import User
from provisor.provisioning.why.steps import Explanation, Mend, Step, Subject


@dataclass(frozen=True, slots=True)
class Place:
    """Something that a step leads to."""

    icon: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One step: its sentence, what it leads to, and what mends it. `cannot` is said where the viewer may not."""

    step: Step
    places: list[Place]
    mends: list[Place]
    cannot: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The answer. Ways stand beside one another; `rest` is what is known beyond the first missing link."""

    sentence: str
    state: str
    before: list[ChainLink]
    ways: list[list[ChainLink]]
    after: list[ChainLink]
    rest: list[ChainLink]
    #: The latest requests: history beside the chain, no links of it.
    requests: list[ChainLink]


_ICONS: Final = {
    "user": "user", "group": "users-group", "policy": "route", "application": "plug-connected", "link": "link",
    "attempt": "send", "entry": "history",
}  # fmt: skip
_LABELS: Final[dict[str, Promise]] = {
    "link": gettext_lazy("The account"),
    "attempt": gettext_lazy("The request and its answer"),
    "entry": gettext_lazy("The change"),
}


def chain_of(told: Explanation, user: User, application: Application, asker: Principal) -> Chain:
    """Lay the steps out for whoever asks. What comes after the first missing link stands apart."""
    steps = [step for step in told.steps if not _is_request(step)]
    end = next((place for place, step in enumerate(steps) if step.missing), len(steps) - 1)
    upto = len(steps) if told.has_account else end + 1
    shown = [_link(step, user, application, asker) for step in steps]
    first = next((place for place, one in enumerate(shown) if one.step.way), upto)
    last = max((place + 1 for place, one in enumerate(shown) if one.step.way), default=first)
    sentence, state = _outcome(told, user, application)
    return Chain(
        sentence=sentence,
        state=state,
        before=shown[: min(first, upto)],
        ways=_ways(shown[first : min(last, upto)]),
        after=shown[min(last, upto) : upto],
        rest=shown[upto:],
        requests=[_link(step, user, application, asker) for step in told.steps if _is_request(step)],
    )


def _is_request(step: Step) -> bool:
    return bool(step.subjects) and all(subject.kind == "attempt" for subject in step.subjects)


def _ways(links: Sequence[ChainLink]) -> list[list[ChainLink]]:
    ways: dict[int, list[ChainLink]] = {}
    for one in links:
        ways.setdefault(one.step.way, []).append(one)
    return list(ways.values())


def _outcome(told: Explanation, user: User, application: Application) -> tuple[str, str]:
    names = {"user": user.user_name, "application": application.name}
    if told.has_account and told.granted:
        return _("%(user)s has an account in %(application)s, and this is why.") % names, "in_sync"
    if told.has_account:
        return _("%(user)s still has an account in %(application)s, although nothing grants it any more.") % names, "held"  # fmt: skip
    if told.granted:
        return _("%(user)s should have an account in %(application)s, and has none yet.") % names, "due"
    return _(
        "%(user)s has no account in %(application)s. The chain ends at the marked link."
    ) % names, "missing"


def _link(step: Step, user: User, application: Application, asker: Principal) -> ChainLink:
    places = [_place(subject, application) for subject in step.subjects]
    mending = _MENDS.get(step.mend)
    if mending is None:
        return ChainLink(step, places, [])
    if not asker.may(mending.permission, application.pk):
        return ChainLink(step, places, [], str(mending.otherwise))
    return ChainLink(step, places, list(mending.places(step, user, application)))


def _place(subject: Subject, application: Application) -> Place:
    label = str(_LABELS.get(subject.kind, subject.name))
    return Place(_ICONS[subject.kind], label, _address(subject, application))


def _address(subject: Subject, application: Application) -> str:
    if subject.kind == "link":
        return reverse("application-link", args=[application.id, int(subject.id)])
    if subject.kind == "attempt":
        return reverse("application-attempt", args=[application.id, int(subject.id)])
    if subject.kind == "entry":
        return reverse("journal-entry", args=[int(subject.id)])
    return reverse(subject.kind, args=[UUID(subject.id)])


@dataclass(frozen=True, slots=True)
class _Mending:
    """Who may mend it, what is said to others, and the pages on which it is done."""

    permission: Permission
    otherwise: Promise
    places: Callable[[Step, User, Application], Iterator[Place]]


def _adds_user(_step: Step, user: User, _application: Application) -> Iterator[Place]:
    label = _("Add a user named %(name)s…") % {"name": user.user_name}
    yield Place("user-plus", label, f"{reverse('add-user')}?{urlencode({'user_name': user.user_name})}")


def _activates(_step: Step, user: User, _application: Application) -> Iterator[Place]:
    label = _("Activate %(name)s…") % {"name": user.user_name}
    yield Place("user-check", label, reverse("user", args=[user.id]))


def _adds_policy(_step: Step, _user: User, application: Application) -> Iterator[Place]:
    label = _("Add a policy for %(name)s…") % {"name": application.name}
    yield Place("plus", label, f"{reverse('add-policy')}?{urlencode({'application': application.id})}")


def _adds_to_group(step: Step, user: User, _application: Application) -> Iterator[Place]:
    """The group's own page, with the person found: there the reach is shown before anything is done."""
    query = urlencode({"show": "out", "q": user.user_name})
    for subject in step.subjects:
        label = _("Add to %(name)s…") % {"name": subject.name}
        yield Place("user-plus", label, f"{reverse('group', args=[subject.id])}?{query}")


def _one(icon: str, label: Promise, page: str) -> Callable[[Step, User, Application], Iterator[Place]]:
    """One page of the application."""

    def places(_step: Step, _user: User, application: Application) -> Iterator[Place]:
        said = str(label) % {"name": application.name}
        yield Place(icon, said, reverse(page, args=[application.id]))

    return places


def _at_link(icon: str, label: Promise) -> Callable[[Step, User, Application], Iterator[Place]]:
    def places(step: Step, _user: User, application: Application) -> Iterator[Place]:
        for subject in step.subjects:
            yield Place(icon, str(label), _address(subject, application))

    return places


def _at_policy(icon: str, label: Promise) -> Callable[[Step, User, Application], Iterator[Place]]:
    def places(step: Step, _user: User, _application: Application) -> Iterator[Place]:
        for subject in step.subjects:
            if subject.kind == "policy":
                yield Place(icon, str(label), reverse("policy", args=[subject.id]))

    return places


def _about(_step: Step, _user: User, _application: Application) -> Iterator[Place]:
    yield Place("heartbeat", _("See whether the engine runs"), reverse("about"))


_DIRECTORY: Final = gettext_lazy("An owner or application administrator can mend this in the directory.")
_CONFIGURES: Final = gettext_lazy("An owner or application administrator can mend this.")
_PROVISIONS: Final = gettext_lazy("An owner, application administrator or the help desk can mend this.")
_RELEASES: Final = gettext_lazy("An owner or approver can release or keep it.")

_MENDS: Final = {
    Mend.ADD_USER: _Mending(Permission.MANAGE_DIRECTORY, _DIRECTORY, _adds_user),
    Mend.ACTIVATE: _Mending(Permission.MANAGE_DIRECTORY, _DIRECTORY, _activates),
    Mend.ADD_TO_GROUP: _Mending(Permission.MANAGE_DIRECTORY, _DIRECTORY, _adds_to_group),
    Mend.ADD_POLICY: _Mending(Permission.MANAGE_APPLICATIONS, _CONFIGURES, _adds_policy),
    Mend.RESUME: _Mending(
        Permission.MANAGE_APPLICATIONS, _CONFIGURES, _one("player-play", gettext_lazy("Resume %(name)s…"), "application")
    ),
    Mend.ENFORCE: _Mending(
        Permission.MANAGE_APPLICATIONS,
        _CONFIGURES,
        _one("rocket", gettext_lazy("Look at the plan of %(name)s, then say go…"), "application-plan"),
    ),
    Mend.RECONNECT: _Mending(
        Permission.MANAGE_APPLICATIONS,
        _CONFIGURES,
        _one("settings", gettext_lazy("Look at the connection of %(name)s…"), "application-settings"),
    ),
    Mend.CHANGE_FILTER: _Mending(
        Permission.MANAGE_APPLICATIONS, _CONFIGURES, _at_policy("filter", gettext_lazy("Look at the filter…"))
    ),
    Mend.INCLUDE: _Mending(
        Permission.MANAGE_APPLICATIONS,
        _CONFIGURES,
        _one("settings", gettext_lazy("Look at the exclusions of %(name)s…"), "application-settings"),
    ),
    Mend.RETRY: _Mending(Permission.PROVISION, _PROVISIONS, _at_link("refresh", gettext_lazy("Try again…"))),
    Mend.DECIDE: _Mending(Permission.MANAGE_APPLICATIONS, _CONFIGURES, _at_link("bolt", gettext_lazy("Decide…"))),
    Mend.RELEASE: _Mending(
        Permission.RELEASE_HOLDS, _RELEASES, _one("hand-stop", gettext_lazy("Release or keep…"), "application-holds")
    ),
    Mend.WAIT: _Mending(Permission.READ, _PROVISIONS, _about),
}  # fmt: skip
