"""The two families of errors: answers to our clients, and failures of applications."""

import pytest

from provisor.scim.errors import (
    AddressRefused,
    NotSent,
    OutcomeUnknown,
    Refused,
    ScimError,
    ScimFailure,
    Unreadable,
)


def test_an_error_body_is_that_of_rfc_7644():
    """The status is a string, and the scimType has its exact name (RFC 7644, 3.12)."""
    body = ScimError(400, "mutability", "Attribute 'id' is readOnly").body()
    assert body == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "scimType": "mutability",
        "detail": "Attribute 'id' is readOnly",
        "status": "400",
    }


def test_an_error_body_leaves_out_what_is_not_known():
    """RFC 7644, 3.12 makes scimType and detail optional."""
    assert ScimError(404).body() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "404",
    }


def test_an_error_can_be_read_in_a_log():
    """Its text holds status, type and detail."""
    assert str(ScimError(409, "uniqueness", "Taken.")) == "409 uniqueness: Taken."


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (308, False),
        (400, False),
        (401, False),
        (404, False),
        (408, True),
        (409, False),
        (413, False),
        (425, True),
        (429, True),
        (500, True),
        (501, False),
        (502, True),
        (503, True),
        (504, True),
    ],
)
def test_a_refusal_is_retryable_by_its_status(status, retryable):
    """Only a status that may pass by itself is worth the same request again."""
    assert Refused("Refused.", status=status).retryable is retryable


@pytest.mark.parametrize(
    ("failure", "retryable"),
    [
        (NotSent("No."), True),
        (AddressRefused("No."), False),
        (OutcomeUnknown("No."), True),
        (Unreadable("No."), False),
    ],
)
def test_every_failure_says_whether_to_try_again(failure, retryable):
    """The engine asks one attribute of one tree."""
    assert isinstance(failure, ScimFailure)
    assert failure.retryable is retryable
    assert failure.status is None


def test_a_failure_carries_what_the_application_said():
    """Sentence, status, type, detail and the time to wait stay together."""
    failure = Refused("Too fast.", status=429, scim_type="tooMany", detail="slow down", retry_after=1.5)
    assert (failure.sentence, failure.status, failure.scim_type) == ("Too fast.", 429, "tooMany")
    assert (failure.detail, failure.retry_after, str(failure)) == ("slow down", 1.5, "Too fast.")
