"""The data directory and the keys generated into it."""

import os
import stat
from pathlib import Path

import pytest

from provisor.site.environment import SettingsError
from provisor.site.keys import encryption_keys, prepare, secret_key


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Only a data directory, which is not there yet."""
    return {"PROVISOR_DATA_DIR": str(tmp_path / "new" / "data")}


def test_the_first_start_makes_a_private_directory_with_two_private_keys(environ: dict[str, str]):
    """0700 and 0600, whatever the umask."""
    before = os.umask(0)
    try:
        directory = prepare(environ)
    finally:
        os.umask(before)
    assert _mode(directory) == 0o700
    assert {file.name: _mode(file) for file in directory.iterdir()} == {
        "secret-key": 0o600,
        "encryption-key": 0o600,
    }


def test_a_second_start_keeps_the_keys(environ: dict[str, str]):
    """A new key would lose every credential."""
    directory = prepare(environ)
    first = (secret_key(environ, directory), encryption_keys(environ, directory).read())
    prepare(environ)
    assert (secret_key(environ, directory), encryption_keys(environ, directory).read()) == first
    assert len(first[1][0]) == 32


def test_keys_of_the_environment_are_not_written_down(environ: dict[str, str]):
    """Who gives keys wants them nowhere else."""
    environ |= {"PROVISOR_SECRET_KEY": "s" * 40, "PROVISOR_ENCRYPTION_KEY": "ab" * 32}
    assert list(prepare(environ).iterdir()) == []


def test_r17_starting_prints_no_key(environ: dict[str, str], capfd: pytest.CaptureFixture[str]):
    """Generated keys are never printed."""
    prepare(environ)
    assert capfd.readouterr() == ("", "")


def test_a_key_that_others_can_read_is_refused(environ: dict[str, str]):
    """With the command that mends it."""
    directory = prepare(environ)
    (directory / "encryption-key").chmod(0o644)
    with pytest.raises(SettingsError, match=r"can be read by others.*chmod 600"):
        encryption_keys(environ, directory)


def test_a_damaged_key_file_is_named_and_not_shown(environ: dict[str, str]):
    """The sentence names the file, not what is in it."""
    directory = prepare(environ)
    (directory / "encryption-key").write_text("canary", encoding="ascii")
    with pytest.raises(SettingsError, match="encryption-key") as caught:
        encryption_keys(environ, directory)
    assert "canary" not in str(caught.value)


def test_an_empty_key_file_is_refused(environ: dict[str, str]):
    """A disk that was full must not lead to another key."""
    directory = prepare(environ)
    (directory / "secret-key").write_text("", encoding="ascii")
    with pytest.raises(SettingsError, match="is empty"):
        secret_key(environ, directory)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path):
    """The sentence names the variable."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"PROVISOR_DATA_DIR .* cannot be written"):
        prepare({"PROVISOR_DATA_DIR": str(tmp_path / "file" / "below")})
