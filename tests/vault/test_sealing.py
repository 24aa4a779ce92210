"""The vault: what is sealed opens in its own place only, with its own key only (R17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from provisor.vault import sealing
from provisor.vault.keys import GivenKeys

pytestmark = pytest.mark.django_db

HERE = sealing.binding("applications_credential", "row-1", "primary")


def test_r17_a_secret_opens_where_it_was_sealed() -> None:
    """What was sealed comes back, byte for byte."""
    key, sealed = sealing.seal(b"hunter2", bound_to=HERE)
    assert sealing.unseal(key, sealed, bound_to=HERE) == b"hunter2"


def test_r17_a_sealed_value_says_nothing_of_the_secret() -> None:
    """The same secret sealed twice gives two values, and neither holds it."""
    (_, one), (_, other) = (sealing.seal(b"hunter2", bound_to=HERE) for _ in range(2))
    assert one != other
    assert b"hunter2" not in one + other


@pytest.mark.parametrize(
    "elsewhere",
    [
        sealing.binding("applications_credential", "row-2", "primary"),
        sealing.binding("applications_credential", "row-1", "secondary"),
        sealing.binding("access_token", "row-1", "primary"),
    ],
)
def test_r17_a_secret_moved_to_another_place_does_not_open(elsewhere: str) -> None:
    """Another row, field or table is another place."""
    key, sealed = sealing.seal(b"hunter2", bound_to=HERE)
    with pytest.raises(sealing.VaultError, match="copied from another"):
        sealing.unseal(key, sealed, bound_to=elsewhere)


def test_r17_a_change_of_any_byte_is_noticed() -> None:
    """Format, nonces, wrapped key, ciphertext and tag: none can be altered."""
    key, sealed = sealing.seal(b"hunter2", bound_to=HERE)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(sealing.VaultError, match="does not open"):
            sealing.unseal(key, bytes(altered), bound_to=HERE)


@given(length=st.integers(min_value=0, max_value=200))
def test_r17_a_shortened_value_is_noticed(length: int) -> None:
    """A truncated value is refused with a sentence, whatever is left of it."""
    key, sealed = sealing.seal(b"x" * 100, bound_to=HERE)
    with pytest.raises(sealing.VaultError):
        sealing.unseal(key, sealed[: min(length, len(sealed) - 1)], bound_to=HERE)


def test_r17_another_key_is_told_apart_and_the_sentence_says_what_to_do(settings: Settings) -> None:
    """With the wrong key the reader learns which key is needed and what else is possible."""
    key, sealed = sealing.seal(b"hunter2", bound_to=HERE)
    settings.ENCRYPTION_KEYS = GivenKeys((b"\x07" * 32,))
    with pytest.raises(sealing.VaultError) as caught:
        sealing.unseal(key, sealed, bound_to=HERE)
    sentence = str(caught.value)
    assert key in sentence
    assert "PROVISOR_ENCRYPTION_KEY" in sentence
    assert "enter the credentials anew" in sentence


def test_a_missing_key_is_said_plainly(settings: Settings) -> None:
    """Without a usable key nothing is sealed."""
    settings.ENCRYPTION_KEYS = GivenKeys((b"short",))
    with pytest.raises(sealing.VaultError, match="32 random bytes"):
        sealing.seal(b"hunter2", bound_to=HERE)


def test_two_fields_never_share_a_binding() -> None:
    """A part with the separator in it is refused."""
    with pytest.raises(ValueError, match="vertical bar"):
        sealing.binding("a|b", "c", "d")
