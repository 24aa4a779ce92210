"""Credentials of an application by the command line: given, exchanged, forgotten, and never shown."""

from pathlib import Path

import pytest

from provisor.applications.credentials import SECONDARY, has_credential, open_credential
from provisor.applications.models import Application
from provisor.audit.models import AuditEntry
from tests.servers import LabServer

from .conftest import Command


@pytest.fixture
def application(provisor: Command, target: LabServer) -> Application:
    made = provisor("application", "add", "Wiki", "--url", target.base_url)
    assert made.exit_code == 0, made.stderr
    return Application.objects.get(name="Wiki")


def test_a_credential_that_comes_later_is_tested_and_exchanged(
    provisor: Command, target: LabServer, application: Application
) -> None:
    assert provisor("application", "credential", "Wiki", "--secret-stdin", given="wrong\n").exit_code == 0
    assert provisor("application", "test", "Wiki").exit_code == 1
    stored = provisor(
        "application", "credential", "Wiki", "--secret-stdin", "--second", given=f"{target.token}\n"
    )
    assert stored.exit_code == 0, stored.stderr
    assert target.token not in stored.output
    assert provisor("application", "promote-credential", "Wiki").exit_code == 0
    assert provisor("application", "test", "Wiki").exit_code == 0
    assert not has_credential(application.id, SECONDARY)
    acts = AuditEntry.objects.filter(act__startswith="application.credential").values_list("act", flat=True)
    assert sorted(acts) == ["application.credential_promoted"] + ["application.credential_stored"] * 2


def test_values_that_are_no_secret_are_named(
    provisor: Command, application: Application, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    given = ("--method", "basic", "--set", "username=provisor", "--secret-file", tmp_path / "secret")
    assert provisor("application", "credential", "Wiki", *given).exit_code == 0
    opened = open_credential(application.id)
    assert opened is not None
    assert (opened.method, dict(opened.values)) == ("basic", {"username": "provisor", "password": "hidden"})


def test_what_is_forgotten_is_gone_and_only_once(provisor: Command, application: Application) -> None:
    provisor("application", "credential", "Wiki", "--secret-stdin", given="one\n")
    assert provisor("application", "forget-credential", "Wiki").exit_code == 0
    assert not has_credential(application.id)
    again = provisor("application", "forget-credential", "Wiki")
    assert again.exit_code == 2
    assert "has no credential" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "kerberos", "--secret-stdin"], "Known are: bearer"),
        (["--set", "token=abc", "--secret-stdin"], "Others on this machine can read"),
        (["--set", "username", "--secret-stdin"], "is no NAME=VALUE"),
        (["--set", "username=a", "--secret-stdin"], 'has no value "username"'),
        (["--method", "basic", "--secret-stdin"], 'The value "username" is missing'),
        ([], "Give the secret by --secret-stdin"),
    ],
)
def test_wrong_input_is_told_in_a_sentence_and_nothing_is_stored(
    provisor: Command, application: Application, arguments: list[str], sentence: str
) -> None:
    refused = provisor("application", "credential", "Wiki", *arguments, given="secret\n")
    assert refused.exit_code == 2
    assert sentence in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
    assert not has_credential(application.id)
