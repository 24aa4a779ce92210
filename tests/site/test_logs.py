"""Logging: JSON lines, and no secret in them (R17)."""

import json
import logging

import pytest
import structlog

from tests.site.conftest import SECRET_KEY

TOKEN = "prv_" + "c4NaRy" * 7 + "x"


def test_each_event_is_one_json_object_on_one_line(lines):
    """A line break in a value cannot forge a second line."""
    structlog.get_logger("provisor.test").info("Something\nhappened.", application="slack\n{}")
    (line,) = lines()
    assert line["event"] == "Something\nhappened."
    assert line["application"] == "slack\n{}"
    assert line["level"] == "info"
    assert line["logger"] == "provisor.test"
    assert line["at"].endswith("Z")


def test_records_of_other_libraries_take_the_same_way(lines):
    """`logging` with arguments becomes the finished message."""
    logging.getLogger("uvicorn.error").warning("Port %s is taken", 80)
    assert lines()[0]["event"] == "Port 80 is taken"


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("plain", {"password": "canary"}),
        ("plain", {"headers": {"Authorization": "canary"}}),
        ("plain", {"auth": {"client_secret": ["canary"]}}),
        (f"the key {SECRET_KEY} in a sentence", {}),
        (f"a token {TOKEN} in a sentence", {}),
        ("plain", {"reason": f"nested {TOKEN}", "many": [f"x {SECRET_KEY}"]}),
        ("Authorization: Bearer canary-bearer", {}),
        ("Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", {}),
        ("postgresql://user:canary@host/name refused", {}),
        ("GET /accounts/password/reset/key/3fq-canary-0123/ 302", {}),
        ("plain", {"error": ValueError("canary-secret-key-0123456789")}),
    ],
)
def test_r17_a_secret_is_taken_out_of_the_log(lines, event: str, fields: dict[str, object]):
    """By the name of its field, by its look, or because it is known."""
    structlog.get_logger("provisor.test").info(event, **fields)
    (line,) = lines()
    text = json.dumps(line)
    for secret in ("canary", "c4NaRy", "Y2FuYXJ5"):
        assert secret not in text
    assert "[redacted]" in text


def test_r17_a_secret_in_a_traceback_is_taken_out(lines):
    """Exceptions carry what was being worked on."""

    def fails() -> None:
        raise ValueError(f"cannot open {TOKEN} with {SECRET_KEY}")

    try:
        fails()
    except ValueError:
        logging.getLogger("provisor.test").exception("failed")
    text = json.dumps(lines())
    assert "ValueError: cannot open [redacted]" in text
    assert "canary" not in text
    assert "c4NaRy" not in text


def test_ordinary_fields_are_left_alone(lines):
    """Redaction that blots out everything would be switched off."""
    structlog.get_logger("provisor.test").info("done", application="Slack", count=3, ok=True, nothing=None)
    (line,) = lines()
    assert (line["application"], line["count"], line["ok"], line["nothing"]) == ("Slack", 3, True, None)
