"""`provisor demo` as a real process, against a real scim2-server."""

from pathlib import Path

from tests.cli.conftest import Process


def test_the_demo_proves_that_the_server_equals_the_directory(process: Process, tmp_path: Path) -> None:
    """Joiners, movers and leavers are carried over, a third look costs nothing, and the status is 0."""
    ended = process("demo", "--users", "40", "--exit", PROVISOR_DATABASE_URL="mysql://ignored")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "the server equals the directory" in ended.stdout
    assert "nothing has changed: 0 requests" in ended.stdout
    assert "2 people leave" in ended.stdout or "1 person leaves" in ended.stdout
    assert "held" not in ended.stderr
    assert (tmp_path / "var" / "demo" / "provisor.sqlite3").is_file()


def test_a_directory_that_no_demo_made_is_left_alone(process: Process, tmp_path: Path) -> None:
    """Whatever lies in var/demo is not removed unless a demo put it there."""
    precious = tmp_path / "var" / "demo" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("ten years of work")
    ended = process("demo", "--users", "40", "--exit")
    assert ended.returncode == 2
    assert "left alone" in ended.stderr
    assert precious.read_text() == "ten years of work"
