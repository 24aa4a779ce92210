"""R2, R9, R16: names of every troublesome class travel as they are, reach exactly their own account, or are refused in words."""

from typing import Any

import pytest

from provisor.directory.groups import create_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.directory.refusal import DirectoryRefusal
from provisor.provisioning.models import Link
from tests.provisioning.installation import ACTOR, Installation
from tests.provisioning.vices import change, existing, members, passes
from tests.provisioning.vices import good_again as good_again  # noqa: PLC0414 - a fixture
from tests.servers import LabServer

#: One or two of each class, made up here.
NAMES: dict[str, str] = {
    "a null character": "nu\x00l",
    "control characters": "bell\x07 escape\x1b[31m delete\x7f",
    "line ends that would be a header": "line\r\nX-Injected: yes",
    "a tab and a vertical tab": "tab\tand\x0bmore",
    "line and paragraph separators": "sep\u2028arated\u2029",
    "a right-to-left override": "invoice\u202efdp.exe",
    "isolates that are never closed": "\u2067\u2066open",
    "nothing to be seen": "zero\u200bwidth\u200d\u2060\ufeff",
    "no-break spaces at the ends": "\u00a0edges\u00a0",
    "an emoji of four people": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a flag and a skin tone": "\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd",
    "beyond the basic plane": "\U0001d504\U0001d52b\U0001d52b",
    "a stack of combining marks": "Z" + "\u0351" * 40,
    "composed and not": "\u00e9e\u0301",
    "Turkish letters": "\u0131\u0130iI",
    "sharp s and ligatures": "stra\u00dfe \ufb01n",
    "full-width letters": "\uff41\uff44\uff4d\uff49\uff4e",
    "private use and noncharacters": "\ue000\ufffe\uffff",
    "a lone surrogate": "half\ud800",
    "SQL": "x'); DELETE FROM directory_user; --",
    "HTML": '"><img src=x onerror=alert(1)>',
    "a formula": '=HYPERLINK("https://example.com";"here")',
    "a template": "{{ 7 * 7 }}{% now %}${7*7}<%= 7 %>",
    "a format": "%s%n%(name)s {0.__class__}",
    "a filter that would match everybody": 'x" or userName pr or userName eq "',
    "backslashes": "back\\slash\\",
    "a path": "../../Groups/1",
    "an address": "a?b=c&d#e%2F%00;f",
    "JSON": '{"active": false}',
    "words of programs": "null",
    "a number that is none": "1e309",
    "two dots": "..",
    "very long": "x" * 2_000,
    "far too long": "x" * 200_000,
}


@pytest.fixture
def bystander(installation: Installation) -> User:
    """Somebody who is never meant."""
    return installation.user("bystander")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_r02_r09_r16_any_name_reaches_its_own_account_or_is_refused_in_words(
    installation: Installation, target: LabServer, bystander: User, name: str
) -> None:
    """Created, changed, added, removed and deactivated is exactly this one, also when the ids are the names."""
    target.set_options(id_is_user_name=True)
    try:
        user = installation.user(
            name, emails=[{"value": "odd@example.com", "type": "work"}], title=name[:100]
        )
    except DirectoryRefusal as refusal:
        assert_words(refusal)
        assert not User.objects.exclude(pk=bystander.pk).exists()
        return
    group = installation.granted("Sales", user, bystander)
    passes(installation, 2)
    link = installation.link(user)
    if link.state != Link.State.IN_SYNC:
        assert_told(link)
        assert set(target.state().users) <= {"bystander", user.user_name}
        return
    change(user, nickName="odd")
    passes(installation, 2)
    if installation.link(user).state != Link.State.IN_SYNC:
        # the application has given an id that no address can hold
        assert_told(installation.link(user))
        return
    account = target.state().users[user.user_name]
    assert (account["nickName"], account["title"]) == ("odd", user.resource["title"])
    assert members(target, "Sales") == {user.user_name, "bystander"}
    remove_members(group.id, [user.id], actor=ACTOR)
    passes(installation, 2)
    held = target.state().users
    assert set(held) == {user.user_name, "bystander"}
    assert (held[user.user_name]["active"], held["bystander"]["active"]) == (False, True)
    assert members(target, "Sales") == {"bystander"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_r02_r16_any_name_of_a_group_travels_or_is_refused_in_words(
    installation: Installation, target: LabServer, bystander: User, name: str
) -> None:
    """The group is there once under its name, and still the same after a rename."""
    try:
        group = create_group(name, actor=ACTOR)
    except DirectoryRefusal as refusal:
        assert_words(refusal)
        return
    add_members(group.id, [bystander.id], actor=ACTOR)
    installation.policy(group)
    passes(installation, 2)
    if installation.link(group).state != Link.State.IN_SYNC:
        assert_told(installation.link(group))
        return
    assert set(target.state().groups) == {group.display_name}
    update_group(group.id, display_name="Renamed", actor=ACTOR)
    passes(installation, 2)
    assert set(target.state().groups) == {"Renamed"}


def assert_words(refusal: DirectoryRefusal) -> None:
    """The directory says what is wrong."""
    assert str(refusal)


def assert_told(link: Link) -> None:
    """The link says in plain words why it is as it is, and nothing was linked."""
    assert link.state in ("failed", "conflict", "due")
    assert link.reason
    assert "Traceback" not in link.reason
    assert "Error:" not in link.reason


#: Ours, theirs, and whether the two are one person: names of people are compared without case and width.
PAIRS: dict[str, tuple[str, str, bool]] = {
    "case": ("alice", "ALICE", True),
    "composed and not": ("ren\u00e9e", "rene\u0301e", True),
    "full width": ("admin", "\uff41\uff44\uff4d\uff49\uff4e", True),
    "dotless i": ("irmak", "\u0131rmak", False),
    "an accent": ("jose", "jos\u00e9", False),
    "Cyrillic letters that look the same": ("paypal", "\u0440\u0430ypal", False),
    "a zero-width space": ("bob", "bo\u200bb", False),
    "one letter more": ("ann", "anna", False),
}


@pytest.mark.parametrize(("ours", "theirs", "same"), PAIRS.values(), ids=PAIRS)
def test_r02_r09_an_account_of_nearly_the_same_name_is_adopted_only_where_it_is_the_same(
    installation: Installation, target: LabServer, ours: str, theirs: str, same: bool
) -> None:
    """Whoever is somebody else stays untouched; whoever is the same gets no second account."""
    # without filters the whole list is read, and the comparison is ours alone
    target.set_options(duplicates="allowed", filter="absent")
    existing(target, userName=theirs, displayName="Theirs", title="Untouched")
    user = installation.user(ours)
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    link = installation.link(user)
    held = {account["id"]: account for account in target.state().users.values()}
    foreign = next((a for a in held.values() if a["userName"] == theirs), None)
    if same:
        assert len(held) == 1
        assert link.origin == "adopted" or assert_conflict(link)
        return
    assert foreign is not None
    assert (foreign["displayName"], foreign["title"]) == ("Theirs", "Untouched")
    assert link.remote_id != foreign["id"]


def assert_conflict(link: Link) -> bool:
    """A person is asked, and nothing was linked."""
    assert link.state == Link.State.CONFLICT
    assert link.reason
    return True


def test_r02_r09_two_accounts_that_differ_in_case_alone_are_for_a_person(
    installation: Installation, target: LabServer
) -> None:
    """Neither is adopted by chance, and neither is changed."""
    target.set_options(duplicates="allowed", filter_case_exact=False)
    for name in ("ann", "ANN"):
        post_exactly(target, name)
    user = installation.user("Ann")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    assert assert_conflict(installation.link(user))
    assert installation.link(user).remote_id is None


def post_exactly(target: LabServer, name: str) -> None:
    """An account that is there before us."""
    from tests.servers.reader import post

    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    body: dict[str, Any] = {"schemas": schemas, "userName": name}
    post(f"{target.base_url}/Users", body, target.token)
