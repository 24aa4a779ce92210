"""A rehearsal in one sentence, as the console shows it before an act."""

from collections.abc import Callable, Iterator, Sequence

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext, ngettext

from provisor.provisioning.rehearsal.rehearsal_reach import Reach, Rehearsal

#: Applications that are named one by one; more of them are counted.
NAMED = 3

#: What is counted, with its number.
Noun = Callable[[int], str]
#: One part of the sentence: the field of `Counts`, the noun, and the verb around it.
Part = tuple[str, Noun, Callable[[], str]]


def _accounts(count: int) -> str:
    return ngettext("%(count)s account", "%(count)s accounts", count)


def _groups(count: int) -> str:
    return ngettext("%(count)s group", "%(count)s groups", count)


def _removals(count: int) -> str:
    return ngettext("%(count)s removal", "%(count)s removals", count)


def _resources(count: int) -> str:
    return ngettext("%(count)s account or group", "%(count)s accounts or groups", count)


#: Instead of all others, where they were too many to be planned.
COUNTED: tuple[Part, ...] = (
    ("reached", _accounts, lambda: gettext("reaches up to %(what)s, too many to plan one by one")),
)
#: Destructive ones first.
DESTRUCTIVE: tuple[Part, ...] = (
    ("deletes", _accounts, lambda: gettext("deletes %(what)s")),
    ("deactivates", _accounts, lambda: gettext("deactivates %(what)s")),
    ("groups_deleted", _groups, lambda: gettext("deletes %(what)s")),
    ("held", _removals, lambda: gettext("holds %(what)s until a person decides")),
)
BUILDING: tuple[Part, ...] = (
    ("creates", _accounts, lambda: gettext("creates %(what)s")),
    ("reactivates", _accounts, lambda: gettext("reactivates %(what)s")),
    ("updates", _accounts, lambda: gettext("updates %(what)s")),
    ("adopts", _resources, lambda: gettext("looks for %(what)s and creates none")),
    ("groups_created", _groups, lambda: gettext("creates %(what)s")),
    ("groups_updated", _groups, lambda: gettext("updates %(what)s")),
)
LEAVING_ALONE: tuple[Part, ...] = (
    ("groups_unlinked", _groups, lambda: gettext("unlinks and keeps %(what)s")),
    ("keeps", _accounts, lambda: gettext("keeps %(what)s as it is")),
    ("excluded", _accounts, lambda: gettext("leaves %(what)s alone because of a protection")),
    ("failed", _resources, lambda: gettext("can send nothing for %(what)s")),
)


def sentence(rehearsal: Rehearsal) -> str:
    """Say in one sentence what the change would do, with all numbers."""
    parts = [
        *_said(rehearsal, COUNTED),
        *_said(rehearsal, DESTRUCTIVE),
        *_memberships(rehearsal, "members_removed"),
        *_said(rehearsal, BUILDING),
        *_memberships(rehearsal, "members_added"),
        *_said(rehearsal, LEAVING_ALONE),
        *_problems(rehearsal),
    ]
    if not parts and not rehearsal.touched:
        return gettext("Reaches no application.")
    if not parts:
        return gettext("Changes nothing in any application.")
    return capfirst("; ".join([*parts, *_waiting(rehearsal)])) + "."


def _said(rehearsal: Rehearsal, parts: Sequence[Part]) -> Iterator[str]:
    for name, noun, verb in parts:
        counts = [(reach.name, int(getattr(reach, name))) for reach in rehearsal.reaches]
        found = sorted((each for each in counts if each[1]), key=lambda each: -each[1])
        if found:
            yield verb() % {"what": _amounts(found, noun)}


def _amounts(found: Sequence[tuple[str, int]], noun: Noun) -> str:
    """`3 accounts in Slack and 1 in Zoom`, or `40 accounts in 7 applications`."""
    if len(found) > NAMED:
        total = sum(count for _, count in found)
        amount = noun(total) % {"count": _number(total)}
        return gettext("%(amount)s in %(where)s") % {"amount": amount, "where": _applications(len(found))}
    amounts = [noun(found[0][1]) % {"count": _number(found[0][1])}]
    amounts += [_number(count) for _, count in found[1:]]
    placed = [
        gettext("%(amount)s in %(where)s") % {"amount": amount, "where": name}
        for amount, (name, _) in zip(amounts, found, strict=True)
    ]
    return get_text_list(placed, gettext("and"))


def _number(count: int) -> str:
    return f"{count:,}"


def _applications(count: int) -> str:
    return ngettext("%(count)s application", "%(count)s applications", count) % {"count": _number(count)}


def _memberships(rehearsal: Rehearsal, name: str) -> Iterator[str]:
    """Memberships are added up: who asks about them looks at the group."""
    count = getattr(rehearsal.totals, name)
    if not count:
        return
    what = ngettext("%(count)s membership", "%(count)s memberships", count) % {"count": _number(count)}
    verb = gettext("adds %(what)s") if name == "members_added" else gettext("removes %(what)s")
    yield verb % {"what": what}


def _problems(rehearsal: Rehearsal) -> Iterator[str]:
    broken = [reach for reach in rehearsal.reaches if reach.problem]
    if broken:
        said = ngettext(
            "sends nothing to %(where)s because its mapping cannot be used",
            "sends nothing to %(where)s because their mappings cannot be used",
            len(broken),
        )
        yield said % {"where": _names(broken)}


def _waiting(rehearsal: Rehearsal) -> Iterator[str]:
    paused = [reach for reach in rehearsal.reaches if reach.paused and not reach.does_nothing]
    observed = [
        reach
        for reach in rehearsal.reaches
        if reach.mode == "observe" and not reach.paused and not reach.does_nothing
    ]
    if paused:
        yield gettext("sends it to %(where)s once resumed") % {"where": _names(paused)}
    if observed:
        yield gettext("sends nothing to %(where)s while only observed") % {"where": _names(observed)}


def _names(reaches: Sequence[Reach]) -> str:
    if len(reaches) > NAMED:
        return _applications(len(reaches))
    return get_text_list([reach.name for reach in reaches], gettext("and"))
