"""R15: what reading back proves of a write, and what it does not."""

from typing import Any

import pytest

from provisor.scim.change import Change
from provisor.scim.change_kinds import FORMED, kind_of, prove, takes_put
from provisor.scim.dialect import Dialect
from provisor.scim.path import MISSING

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = 'emails[type eq "work"].value'


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("title", "x", "value"),
        (f"{ENTERPRISE}:department", "x", "value"),
        ("name.givenName", "x", "sub-attribute"),
        (WORK, "x", "element"),
        (WORK, MISSING, "element"),
        ("title", MISSING, "removal"),
        ("active", True, "activation"),
        ("active", "False", "deactivation"),
        (f"{ENTERPRISE}:manager.value", "1", "reference"),
        (f"{ENTERPRISE}:manager.value", MISSING, "reference"),
    ],
)
def test_r15_each_change_is_of_one_kind(path: str, value: Any, kind: str) -> None:
    """Kinds that may be overlooked one by one are told apart."""
    assert kind_of(Change(path=path, value=value)) == kind


def proof(
    changes: dict[str, Any], before: dict[str, Any] | None, after: dict[str, Any], **sent: Any
) -> tuple[set[str], list[str]]:
    found = prove([Change(path=path, value=value) for path, value in changes.items()], before, after, sent)
    return set(found.done), [change.path for change in found.overlooked]


@pytest.mark.parametrize(
    ("changes", "before", "after", "expected"),
    [
        ({"title": "B"}, {"title": "A"}, {"title": "B"}, ({"value"}, [])),
        ({"title": "B"}, {"title": "A"}, {"title": "A"}, (set(), ["title"])),
        ({"title": "B"}, {}, {}, (set(), ["title"])),
        ({"title": MISSING}, {"title": "A"}, {"title": "A"}, (set(), ["title"])),
        ({"title": MISSING}, {"title": "A"}, {}, ({"removal"}, [])),
        # normalised
        ({"title": "B."}, {"title": "A"}, {"title": "B"}, ({"value"}, [])),
        ({"userName": "Ann"}, {"userName": "ann"}, {"userName": "ann"}, (set(), [])),
        # it was so already
        ({"title": "A"}, {"title": "A"}, {"title": "A"}, (set(), [])),
        # one of a kind is done: the other one is the application's own
        ({"title": "B", "nickName": "N"}, {"title": "A"}, {"title": "B"}, ({"value"}, [])),
        # one kind is done, the other is not
        (
            {"title": "B", WORK: "b@example.com"},
            {"title": "A", "emails": [{"type": "work", "value": "a@example.com"}]},
            {"title": "B", "emails": [{"type": "work", "value": "a@example.com"}]},
            ({"value"}, [WORK]),
        ),
        ({"active": False}, {"active": "True"}, {"active": "True"}, (set(), ["active"])),
        ({"active": False}, {"active": True}, {"active": "False"}, ({"deactivation"}, [])),
        # not shown: it cannot be told, ever
        ({"active": False}, {}, {}, ({"deactivation"}, [])),
    ],
)
def test_r15_what_reading_back_proves(
    changes: dict[str, Any], before: dict[str, Any], after: dict[str, Any], expected: Any
) -> None:
    """Overlooked is what stands as before, in a kind of which nothing was done."""
    assert proof(changes, before, after) == expected


def test_r15_an_attribute_that_was_confirmed_and_is_not_kept_says_nothing() -> None:
    """It is dropped: neither proof nor its contrary, and it does not hide what was overlooked beside it."""
    assert proof({"title": "B"}, {}, {}, title="A") == (set(), [])
    assert proof({"title": "B", "nickName": "N"}, {}, {}, title="A") == (set(), ["nickName"])


def test_r15_without_a_reading_before_what_was_sent_stands_for_it() -> None:
    """A sample is read only afterwards."""
    assert proof({"title": "B"}, None, {"title": "A"}, title="A") == (set(), ["title"])
    assert proof({"title": "B"}, None, {"title": "B"}, title="A") == ({"value"}, [])


def test_r15_what_patch_overlooks_goes_by_put() -> None:
    """Only for the kind of resource and of change that was found out."""
    dialect = Dialect(put_instead=("user element",))
    assert takes_put(dialect, "user", [Change(path="title", value="x"), Change(path=WORK, value="x")])
    assert not takes_put(dialect, "user", [Change(path="title", value="x")])
    assert not takes_put(dialect, "group", [Change(path=WORK, value="x")])
    assert takes_put(Dialect(patch_users=False), "user", [Change(path="title", value="x")])
    assert "element" not in FORMED
