"""Wrong input: one or two sentences on standard error, the exit code of design section 7, never a traceback."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command, Process
from tests.databases import ONLY_SQLITE
from tests.servers import LabServer, free_port

#: Arguments, the exit code, and a word that the sentence must have.
WRONG = (
    (("plan", "Nowhere"), 2, '"Nowhere"'),
    (("sync", "Nowhere"), 2, '"Nowhere"'),
    (("explain", "nobody", "Nowhere"), 2, '"nobody"'),
    (("import", "users", "no-such-file.csv"), 2, "no-such-file.csv"),
    (("import", "users", "."), 2, "directory"),
    (("doctor", "https://example.com"), 2, "--token-stdin"),
    (("doctor", "https://example.com", "--token-file", "no-such-file"), 2, "no-such-file"),
    (("admin", "create", "--email", "no address", "--password-stdin"), 2, "no address"),
    (("token", "create", "ci", "--role", "king"), 2, "provisor admin create"),
    (("application", "add", "Chat", "--url", "ftp://example.com"), 2, "ftp"),
    (("application", "add", "Chat", "--url", "https://example.com", "--profile", "slak"), 2, "slack"),
    (("application", "pause", "Nowhere"), 2, '"Nowhere"'),
    (("group", "add", "Nobodies", "alice"), 2, '"Nobodies"'),
    (("policy", "add", "Nowhere", "Nobodies"), 2, '"Nowhere"'),
    (("user", "delete", "nobody"), 2, '"nobody"'),
    pytest.param(("worker",), 2, "provisor serve", marks=ONLY_SQLITE),
    pytest.param(("serve", "--no-worker"), 2, "provisor serve", marks=ONLY_SQLITE),
    (("demo", "--users", "3"), 2, "--users"),
    (("plan",), 2, "APP"),
    (("plann",), 2, "plan"),
)


@pytest.mark.parametrize(
    ("arguments", "code", "word"), WRONG, ids=lambda one: " ".join(one) if isinstance(one, tuple) else None
)
def test_wrong_input_gets_a_sentence(
    provisor: Command, arguments: tuple[str, ...], code: int, word: str
) -> None:
    """The sentence names what was wrong."""
    result = provisor(*arguments, given="a long enough phrase\n")
    assert result.exit_code == code, result.output
    assert word in result.stderr
    assert "Traceback" not in result.output
    assert not result.stdout


def test_a_broken_encoding_is_named_with_its_line(provisor: Command, tmp_path: Path) -> None:
    """The file was saved as Latin-1: the line, the byte and the way out."""
    file = tmp_path / "latin.csv"
    file.write_bytes("userName,givenName\nb,Björn\n".encode("latin-1"))
    result = provisor("import", "users", file)
    assert result.exit_code == 2
    assert "Line 2" in result.stderr
    assert "UTF-8" in result.stderr


def test_an_unreachable_address_is_a_bad_answer(provisor: Command) -> None:
    """Nobody listens there: the check says so, and the status is 1."""
    result = provisor("doctor", f"http://127.0.0.1:{free_port()}/v2", "--token-stdin", given="tok\n")
    assert result.exit_code == 1
    assert "✗" in result.stdout
    assert "Traceback" not in result.output


def test_a_private_address_is_refused(provisor: Command, settings: object) -> None:
    """A network that is not in PROVISOR_PRIVATE_TARGETS is never connected to."""
    result = provisor("doctor", "http://169.254.169.254/latest", "--token-stdin", given="tok\n")
    assert result.exit_code == 1
    assert "✗" in result.stdout


def test_a_wrong_token_is_a_bad_answer(provisor: Command, target: LabServer) -> None:
    """401 is told as what it is."""
    result = provisor("doctor", target.base_url, "--token-stdin", given="wrong\n")
    assert result.exit_code == 1
    assert "401" in result.stdout


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PROVISOR_DATABASE_URL", "mysql://nowhere/none"),
        ("PROVISOR_PRIVATE_TARGETS", "not a network"),
        ("PROVISOR_SECRET_KEY", "short"),
        ("PROVISOR_DATA_DIR", "/dev/null"),
    ],
)
def test_a_bad_variable_is_named(process: Process, variable: str, value: str) -> None:
    """The variable, what is wrong with it, and what is expected; status 2."""
    ended = process("status", **{variable: value})
    assert ended.returncode == 2
    assert variable in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_does_not_load_django() -> None:
    """Help is printed before anything slow is imported."""
    import subprocess
    import sys

    code = (
        "import sys\nfrom provisor.cli.main import app\n"
        "from typer.testing import CliRunner\nassert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'uvicorn', 'aiohttp')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
