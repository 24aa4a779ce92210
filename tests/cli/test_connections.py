"""How one application is reached, by the command line."""

import json
from pathlib import Path

from pytest_django import Settings

from tests.certificates import make_authority

from .conftest import Command


def test_networks_authorities_and_certificates_are_set_and_shown_without_the_key(
    provisor: Command, tmp_path: Path, settings: Settings
) -> None:
    settings.PRIVATE_TARGETS = ()
    made = provisor(
        "application", "add", "Wiki", "--url", "http://10.20.1.1/v2", "--allow-network", "10.20.0.0/16"
    )
    assert made.exit_code == 0, made.stderr
    authority = make_authority()
    issued = authority.issue("provisor.example.com")
    files = {"ca": authority.pem, "certificate": issued.certificate, "key": issued.key}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert provisor("application", "trust", "Wiki", tmp_path / "ca").exit_code == 0
    one = provisor("application", "client-certificate", "Wiki", "--certificate", tmp_path / "certificate")
    assert one.exit_code == 2
    given = ("--certificate", tmp_path / "certificate", "--key", tmp_path / "key")
    assert provisor("application", "client-certificate", "Wiki", *given).exit_code == 0
    told = provisor("application", "connection", "Wiki").stdout
    assert issued.key.splitlines()[1] not in told
    found = json.loads(told)
    assert (found["networks"], found["authorities"], found["client_key_stored"]) == (
        ["10.20.0.0/16"],
        authority.pem,
        True,
    )
    assert provisor("application", "client-certificate", "Wiki").exit_code == 0
    assert provisor("application", "allow-network", "Wiki").exit_code == 0
    refused = provisor("application", "allow-network", "Wiki", "8.8.8.0/24")
    assert refused.exit_code == 2
    assert "no private network" in refused.stderr
    cleared = json.loads(provisor("application", "connection", "Wiki").stdout)
    assert (cleared["networks"], cleared["client_key_stored"]) == ([], False)
