"""Base URLs: canonical when they are fine, refused with what to do when they are not."""

import pytest
from pytest_django.fixtures import Settings

from provisor.applications.addresses import read_address
from provisor.applications.refusals import Problem, Problems


def read(text: object) -> tuple[str, tuple[Problem, ...]]:
    problems = Problems()
    return read_address(text, "/base_url", problems), problems.found


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("https://acme.example.com/scim/v2", "https://acme.example.com/scim/v2"),
        ("  HTTPS://Acme.Example.com/Scim/v2/  ", "https://acme.example.com/Scim/v2"),
        ("https://acme.example.com:443", "https://acme.example.com"),
        ("https://acme.example.com:8443/", "https://acme.example.com:8443"),
        ("http://127.0.0.1:8801/v2", "http://127.0.0.1:8801/v2"),
        ("http://10.20.3.4/v2", "http://10.20.3.4/v2"),
        ("http://localhost:8801/v2", "http://localhost:8801/v2"),
        ("https://10.20.3.4/v2", "https://10.20.3.4/v2"),
    ],
)
def test_a_good_address_becomes_canonical(given: str, canonical: str) -> None:
    """Case, default ports and slashes at the end make no difference."""
    assert read(given) == (canonical, ())


@pytest.mark.parametrize(
    "given",
    [
        "",
        None,
        17,
        "acme.example.com/scim",
        "/scim/v2",
        "ftp://acme.example.com",
        "https://",
        "https://acme.example.com/scim?tenant=1",
        "https://acme.example.com/scim#x",
        "https://acme.example.com/scim?",
        "https://acme.example.com:99999/",
        "https://acme.example.com/a b",
        "https://acme.example.com\\@evil.example",
        "http://acme.example.com/scim",
        "http://93.184.216.34/scim",
        "http://10.99.0.1/scim",
        "https://10.99.0.1/scim",
        "https://192.168.1.1/scim",
        "https://169.254.169.254/latest",
        "https://[::1]/scim",
        "https://2130706433/scim",
    ],
)
def test_a_bad_address_is_refused_with_a_hint(given: object) -> None:
    """Every refusal names its place, a reason and what to do."""
    canonical, problems = read(given)
    assert canonical == ""
    assert [problem.place for problem in problems] == ["/base_url"]
    assert problems[0].reason.endswith(".")
    assert problems[0].hint


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    """Credentials belong into the credentials, and never into a message."""
    _, problems = read("https://bo:hunter2@acme.example.com/scim")
    assert "credentials" in problems[0].reason
    assert "hunter2" not in repr(problems)


def test_localhost_needs_loopback_among_the_private_targets(settings: Settings) -> None:
    """Without PROVISOR_PRIVATE_TARGETS this machine itself is no target, over https neither."""
    settings.PRIVATE_TARGETS = ()
    for address in ("http://localhost:8801/v2", "https://localhost/v2", "https://127.0.0.1/v2"):
        assert read(address)[0] == ""


def test_link_local_addresses_are_never_a_target(settings: Settings) -> None:
    """Not even an operator can open the metadata service of a cloud."""
    import ipaddress

    settings.PRIVATE_TARGETS = (ipaddress.ip_network("0.0.0.0/0"),)
    assert read("http://169.254.169.254/latest")[0] == ""
