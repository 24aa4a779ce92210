"""Credentials: written, sealed for their row, rotated without a gap, and shown to nobody (R17)."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from provisor.applications import credentials
from provisor.applications.models import Application, Credential
from provisor.applications.refusals import ConfigurationRefusal, RefusalKind
from provisor.audit.actor import Actor
from provisor.vault.keys import GivenKeys, VaultError

from .conftest import TOKEN

pytestmark = pytest.mark.django_db
Make = Callable[..., Application]
OAUTH = {
    "token_url": "https://login.example.com/token",
    "client_id": "id",
    "client_secret": "s1",
    "scope": "scim",
}


def token(application: Application, slot: str = "primary") -> str:
    opened = credentials.open_credential(application.pk, slot)
    assert opened is not None
    return str(opened.values["token"])


def test_r17_a_stored_credential_opens_for_the_engine_and_shows_nowhere(make_application: Make) -> None:
    """The row holds no plain text, and the open value has no telling representation."""
    made = make_application()
    opened = credentials.open_credential(made.pk)
    assert opened is not None
    assert opened.values == {"token": TOKEN}
    assert TOKEN not in f"{opened!r} {opened}"
    assert TOKEN.encode() not in bytes(Credential.objects.get().sealed)


def test_r17_a_credential_copied_to_another_application_does_not_open(make_application: Make) -> None:
    """Who can write to the database cannot make one application use the secret of another."""
    victim, thief = make_application("Victim"), make_application("Thief")
    stolen = victim.credentials.get()
    thief.credentials.update(sealed=stolen.sealed, key_id=stolen.key_id)
    with pytest.raises(VaultError):
        credentials.open_credential(thief.pk)


def test_r17_a_row_handed_over_to_another_application_does_not_open(make_application: Make) -> None:
    """The whole row moved, id and all, is noticed too."""
    victim, thief = make_application("Victim"), make_application("Thief")
    thief.credentials.all().delete()
    victim.credentials.update(application=thief)
    with pytest.raises(VaultError):
        credentials.open_credential(thief.pk)


def test_an_empty_slot_is_no_error(make_application: Make) -> None:
    """Nothing stored is None, not an exception."""
    made = make_application()
    assert credentials.open_credential(made.pk, "secondary") is None
    assert not credentials.has_credential(made.pk, "secondary")


def test_a_token_is_rotated_without_a_gap(make_application: Make, actor: Actor) -> None:
    """Both are there until the second takes the place of the first."""
    made = make_application()
    credentials.store_credential(made.pk, "bearer", {"token": "next"}, slot="secondary", actor=actor)
    assert (token(made), token(made, "secondary")) == (TOKEN, "next")
    credentials.promote_credential(made.pk, actor=actor)
    assert token(made) == "next"
    assert not credentials.has_credential(made.pk, "secondary")


def test_nothing_is_promoted_where_there_is_nothing(make_application: Make, actor: Actor) -> None:
    """The first credential stays in use."""
    made = make_application()
    with pytest.raises(ConfigurationRefusal) as refusal:
        credentials.promote_credential(made.pk, actor=actor)
    assert refusal.value.kind is RefusalKind.PROTECTED
    assert token(made) == TOKEN


def test_one_slot_is_cleared(make_application: Make, actor: Actor) -> None:
    """Clearing counts the version once; clearing again is nothing."""
    made = make_application()
    assert credentials.clear_credential(made.pk, "primary", actor=actor).version == 2
    assert credentials.clear_credential(made.pk, "primary", actor=actor).version == 2
    assert not credentials.has_credential(made.pk)


@pytest.mark.parametrize(
    ("method", "values", "place"),
    [
        ("bearer", {}, "/auth"),
        ("bearer", {"token": ""}, "/auth"),
        ("bearer", {"token": 17}, "/auth/token"),
        ("bearer", {"token": "x", "colour": "red"}, "/auth"),
        ("telepathy", {"token": "x"}, "/auth/method"),
        (
            "oauth2_client_credentials",
            OAUTH | {"token_url": "http://login.example.com/token"},
            "/auth/token_url",
        ),
        ("oauth2_client_credentials", OAUTH | {"token_url": "https://10.99.0.1/"}, "/auth/token_url"),
        ("oauth2_client_credentials", OAUTH | {"token_url": "https://169.254.169.254/"}, "/auth"),
    ],
)
def test_values_that_cannot_work_are_refused(
    make_application: Make, actor: Actor, method: str, values: dict[str, str], place: str
) -> None:
    """A missing, misspelt or dangerous value is named; what was stored stays."""
    made = make_application()
    with pytest.raises(ConfigurationRefusal) as refusal:
        credentials.store_credential(made.pk, method, values, actor=actor)
    assert place in {problem.place for problem in refusal.value.problems}
    assert token(made) == TOKEN


def test_an_unknown_slot_is_refused(make_application: Make, actor: Actor) -> None:
    """There are two slots."""
    with pytest.raises(ConfigurationRefusal):
        credentials.store_credential(
            make_application().pk, "bearer", {"token": "x"}, slot="third", actor=actor
        )


def test_r17_another_token_address_is_treated_as_another_base_url(
    make_application: Make, actor: Actor
) -> None:
    """It clears the other slot, pauses, and marks the links unverified; another secret alone does not."""
    made = make_application(auth={"method": "oauth2_client_credentials", **OAUTH})
    rotated = OAUTH | {"client_secret": "s2"}
    after = credentials.store_credential(
        made.pk, "oauth2_client_credentials", rotated, slot="secondary", actor=actor
    )
    assert (after.paused, after.unverified) == (False, False)
    moved = OAUTH | {"token_url": "https://evil.example.com/token"}
    after = credentials.store_credential(made.pk, "oauth2_client_credentials", moved, actor=actor)
    assert (after.paused, after.unverified) == (True, True)
    assert "tokens are asked" in after.paused_reason
    assert not credentials.has_credential(made.pk, "secondary")


def test_a_lost_key_does_not_keep_anybody_from_entering_the_secret_anew(
    make_application: Make, actor: Actor, settings: Settings
) -> None:
    """After the key changed, the old secret does not open, and a new one takes its place."""
    made = make_application()
    settings.ENCRYPTION_KEYS = GivenKeys((b"\x07" * 32,))
    with pytest.raises(VaultError):
        credentials.open_credential(made.pk)
    credentials.store_credential(made.pk, "bearer", {"token": "again"}, actor=actor)
    assert token(made) == "again"
