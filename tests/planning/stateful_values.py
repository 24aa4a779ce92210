"""What mappings render and applications hold, for the stateful proofs: every kind of path, absence in all its spellings."""

from typing import Any

from hypothesis import strategies as st

from provisor.scim.dialect import Dialect
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from tests.planning.judging import BADGE

#: Letters that one person takes for the same and a machine does not: case, composed and combining, Turkish.
TEXTS = st.sampled_from(
    [
        "a",
        "A",
        "Ångström",
        "A\u030angstro\u0308m",
        "I",
        "\u0131",
        "\u0130",
        'a"b\\c',
        "x" * 200,
        "\U0001f9d1\u200d\U0001f680",
    ]
)
EMAILS = st.sampled_from(["a@example.com", "A@example.com", "b@example.com"])
NUMBERS = st.sampled_from(["tel:+49-30-1", "tel:+49-30-2"])
ROLES = st.lists(
    st.sampled_from(["reader", "Reader", "admin"]), min_size=1, max_size=3, unique_by=str.casefold
).map(lambda names: [{"value": name} for name in names])

#: Every kind of path that a mapping may have, with what it may render.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "externalId": TEXTS,
    "displayName": TEXTS,
    "title": TEXTS,
    "active": st.booleans(),
    "name.givenName": TEXTS,
    "name.familyName": TEXTS,
    'emails[type eq "work"].value': EMAILS,
    'emails[type eq "home"].value': EMAILS,
    'emails[type eq "home"].display': TEXTS,
    'phoneNumbers[type eq "work" and primary eq true].value': NUMBERS,
    'addresses[type eq "work"].locality': TEXTS,
    'addresses[type eq "work"].country': st.sampled_from(["DE", "SE"]),
    "roles": ROLES,
    f"{ENTERPRISE_SCHEMA}:department": TEXTS,
    f"{ENTERPRISE_SCHEMA}:manager.value": st.sampled_from(["7", "8"]),
    f"{BADGE}:colour": TEXTS,
    f"{BADGE}:active": st.booleans(),
}
MANAGED = frozenset({"userName", *VALUES})

#: What the application has of its own, beside what is managed; nobody may touch it.
OWN: dict[str, Any] = {
    "id": "2819c223",
    "nickName": "Babs",
    "emails": [{"type": "other", "value": "own@example.com"}],
    "x509Certificates": [{"value": "TUlJ"}],
    "entitlements": [{"value": "own"}],
}


#: The label of an e-mail is nothing without its address.
_ADDRESS, _LABEL = 'emails[type eq "home"].value', 'emails[type eq "home"].display'


def whole(values: dict[str, Any]) -> dict[str, Any]:
    """The values without a label that stands alone."""
    return {path: value for path, value in values.items() if path != _LABEL or _ADDRESS in values}


def rendered(paths: frozenset[str] = MANAGED) -> st.SearchStrategy[dict[str, Any]]:
    """What a mapping renders of one user at one moment; a path that is not in it is absent."""
    optional = {path: values for path, values in VALUES.items() if path in paths}
    names = st.sampled_from(["ann", "Ann", "bob"])
    return st.fixed_dictionaries({"userName": names}, optional=optional).map(whole)


#: What an application may show of an attribute that has no value (RFC 7643, 2.5).
NOTHING = st.sampled_from([None, []])

#: Every form of a change of attributes that a profile or a probe can choose.
DIALECTS = st.builds(
    Dialect,
    patch_users=st.sampled_from([True, True, True, False]),
    patch_form=st.sampled_from(["paths", "pathless"]),
    booleans=st.sampled_from(["json", "string"]),
    patch_operations_max=st.sampled_from([0, 1, 2, 5]),
    put_instead=st.sampled_from([(), ("user element",), ("user removal", "user reference")]),
)
#: Every form of a change of members that goes by PATCH.
MEMBER_DIALECTS = st.builds(
    Dialect,
    member_add_form=st.sampled_from(["path", "pathless"]),
    member_remove_form=st.sampled_from(["filter", "value"]),
    members_per_request=st.sampled_from([1, 2, 3, 100]),
    patch_operations_max=st.sampled_from([0, 1, 2, 5]),
    member_type=st.sampled_from(["", "User"]),
    member_display=st.booleans(),
)
