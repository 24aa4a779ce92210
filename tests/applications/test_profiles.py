"""The profiles: every fact has a source, a known name and the right type, and every default is valid input."""

import re
from copy import deepcopy

import pytest

from provisor.applications.configuration import check
from provisor.applications.profiles import GENERIC, Profile, ProfileError, catalogue, load_profile
from provisor.applications.profiles.profile import read_profile
from provisor.applications.refusals import Problems
from provisor.scim.authentication import METHODS
from provisor.scim.capabilities import FACTS, UNKNOWN, fact_problem, resolve

PROFILES = catalogue()
EVIDENCE = re.compile(r"(measured|(second-hand: )?https://\S+)( \(.+\))?")
DEMANDED = {
    "generic", "aws-iam-identity-center", "slack", "github-emu", "github-organisation", "gitlab", "salesforce", "zoom",
    "webex", "atlassian", "databricks", "snowflake", "miro", "figma", "notion", "sentry", "datadog", "hcp-terraform",
    "vcenter", "pagerduty", "cloudflare",
}  # fmt: skip

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)


def test_every_vendor_we_promised_has_a_profile() -> None:
    """The catalogue holds what the reference describes."""
    assert {profile.id for profile in PROFILES} >= DEMANDED


@each_profile
def test_every_fact_is_known_typed_and_sourced(profile: Profile) -> None:
    """A fact that the protocol layer does not know, or that comes from nowhere, is no fact."""
    for fact in profile.facts:
        assert fact.name in FACTS
        assert fact_problem(fact.name, fact.value) == ""
        assert fact.origin == "profile"
        assert EVIDENCE.fullmatch(fact.evidence), fact


@each_profile
def test_every_profile_resolves_to_a_dialect(profile: Profile) -> None:
    """Each known fact is what the dialect says, with the profile as its origin."""
    dialect = resolve(profile.facts)
    for fact in profile.facts:
        known = fact.value != UNKNOWN
        assert dialect.origin(fact.name) == ("profile" if known else "default")
        if known and not isinstance(fact.value, list):
            assert getattr(dialect, fact.name) == fact.value


@pytest.mark.django_db
@each_profile
def test_every_default_is_valid_input(profile: Profile) -> None:
    """What a profile gives passes the very check that an administrator's input passes."""
    document = profile.defaults()
    problems = Problems()
    check(deepcopy(document), document, resolve(profile.facts), problems)
    assert problems.found == ()


@each_profile
def test_matching_uses_attributes_that_can_be_filtered_by(profile: Profile) -> None:
    """A search that the vendor refuses would find nobody."""
    dialect = resolve(profile.facts)
    assert all(dialect.filters("user", path) for path in profile.matching["users"])
    assert all(dialect.filters("group", path) for path in profile.matching["groups"])


@each_profile
def test_switches_agree_with_what_the_vendor_can_do(profile: Profile) -> None:
    """No switch is on for what is known not to work; the membership switch also guards users, so it stays on."""
    dialect = resolve(profile.facts)
    users, groups = profile.features["users"], profile.features["groups"]
    assert users["create"] <= dialect.create_users
    assert groups["create"] <= (dialect.groups and dialect.create_groups)
    assert groups["delete"] <= (dialect.groups and dialect.delete_groups)
    assert groups["membership"]
    if not dialect.delete_users:
        assert "delete" not in profile.deprovision.values()


@each_profile
def test_what_cannot_be_undone_is_never_the_default_where_there_is_a_choice(profile: Profile) -> None:
    """Irreversible deletion is chosen by a person; where inactive means deleted, the table says delete, and a note."""
    dialect = resolve(profile.facts)
    if dialect.active_false_means == "delete":
        assert set(profile.deprovision.values()) == {"delete"}
        assert any("cannot suspend" in note for note in profile.notes)
    elif dialect.delete_means in {"irreversible", "unlink", "deactivate"}:
        assert profile.deprovision["deleted"] == "deactivate"


@each_profile
def test_every_profile_speaks_to_the_reader(profile: Profile) -> None:
    """Name, summary and notes are there, as sentences; methods are ones that we have."""
    assert profile.name
    assert profile.vendor_documentation.startswith("https://")
    assert all(text.endswith(".") for text in (profile.summary, *profile.notes))
    assert profile.auth_methods
    assert set(profile.auth_methods) <= set(METHODS)


@each_profile
def test_a_general_announcement_does_not_overrule_what_is_known_of_one_resource(profile: Profile) -> None:
    """A configuration document has one word on PATCH for users and groups alike, so it cannot know better."""
    dialect = resolve(profile.facts)
    for name in ("patch_users", "patch_groups"):
        if dialect.config_path and not getattr(dialect, name):
            assert name in profile.ignored_announcements


def test_the_facts_that_others_have_tripped_over() -> None:
    """The quirks that made other clients fail are in the data."""
    aws = resolve(load_profile("aws-iam-identity-center").facts)
    assert (aws.members_per_request, aws.put_groups, aws.members_readable) == (100, False, False)
    assert not resolve(load_profile("vcenter").facts).patch_users
    assert resolve(load_profile("vcenter").facts).config_path == ""
    assert not resolve(load_profile("cloudflare").facts).create_users
    assert resolve(load_profile("webex").facts).member_type == "user"
    assert [
        rate.per_second for rate in resolve(load_profile("slack").facts).rates if rate.match == "POST /Users"
    ] == [3]
    for without_groups in ("github-organisation", "gitlab", "pagerduty"):
        assert not resolve(load_profile(without_groups).facts).groups


def test_aws_gets_one_value_of_each_multi_valued_attribute() -> None:
    """AWS refuses a second e-mail address or telephone number."""
    elements = {
        rule["target"].rpartition("]")[0]
        for rule in load_profile("aws-iam-identity-center").mappings["users"]
        if rule["target"].startswith(("emails", "phoneNumbers", "addresses"))
    }
    assert len([element for element in elements if element.startswith("emails")]) == 1
    assert len([element for element in elements if element.startswith("phoneNumbers")]) <= 1
    assert not [element for element in elements if element.startswith("addresses")]


def test_the_generic_profile_has_the_defaults_of_the_design() -> None:
    """Every switch on except roles and entitlements; leavers deactivated, the deleted deleted."""
    defaults = load_profile(GENERIC).defaults()
    assert defaults["features"] == {
        "users": {"create": True, "update": True, "delete": True},
        "groups": {"create": True, "update": True, "delete": True, "membership": True},
        "roles": False,
        "entitlements": False,
    }
    assert defaults["deprovision"] == {
        "unassigned": "deactivate",
        "disabled": "deactivate",
        "deleted": "delete",
    }
    assert defaults["mode"] == "enforce"
    assert defaults["brake"] == {"count": 5, "percent": 5}


def test_defaults_are_a_copy() -> None:
    """Changing the settings of one application does not change the profile."""
    load_profile(GENERIC).defaults()["features"]["users"]["create"] = False
    load_profile(GENERIC).defaults()["mappings"]["users"].clear()
    assert load_profile(GENERIC).defaults()["features"]["users"]["create"]
    assert load_profile(GENERIC).defaults()["mappings"]["users"]


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("slack", "slack"),
        ("SLACK", "slack"),
        ("jira", "atlassian"),
        ("terraform cloud", "hcp-terraform"),
        ("cisco", "webex"),
        ("identity center amazon", "aws-iam-identity-center"),
        ("git", "github-emu"),
        ("scim server", "generic"),
        ("no such thing", "generic"),
        ("%", "generic"),
    ],
)
def test_the_catalogue_finds_by_name_vendor_and_alias(search: str, first: str) -> None:
    """The best hit comes first; the generic profile is always found, once and last."""
    found = [profile.id for profile in catalogue(search)]
    assert found[0] == first
    assert found[-1] == GENERIC
    assert found.count(GENERIC) == 1


def test_the_generic_profile_is_called_as_people_know_it() -> None:
    """Who knows the name from elsewhere finds it."""
    assert load_profile(GENERIC).name == "SCIM Server (Destination)"


FILE = {
    "id": "x", "name": "X", "vendor": "X", "aliases": [], "summary": "X.", "documentation": "https://x", "base_url_hint": "",
    "auth_methods": ["bearer"], "notes": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "part",
    [
        {"facts": {"users": {"value": True}}},
        {"facts": {"users": {"value": "yes", "source": "measured"}}},
        {"facts": {"flies": {"value": True, "source": "measured"}}},
        {"facts": {"users": {"value": UNKNOWN, "source": "measured"}}},
        {"facts": {"users": {"value": True, "source": "measured", "because": "x"}}},
        {"wings": 2},
    ],
)
def test_a_file_with_a_mistake_is_refused(part: dict[str, object]) -> None:
    """No source, a wrong type, an unknown fact, an unknown without a reason, an unknown key."""
    assert read_profile(FILE).id == "x"
    with pytest.raises(ProfileError):
        read_profile(FILE | part)
