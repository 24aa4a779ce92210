"""Exchanging keys: everything that is sealed is reached, nothing is lost on the way, and the old key goes last."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from pytest_django.fixtures import Settings

from provisor.applications.credentials import open_credential, store_credential
from provisor.applications.models import Application, Credential
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.audit.verify import verify
from provisor.notices.channels import open_hook
from provisor.notices.models import Channel
from provisor.site.keys import encryption_keys
from provisor.vault import keys, registry, rotation
from provisor.vault.keys import GivenKeys, KeySource, VaultError, key_id
from provisor.vault.rotation import NothingToRotateError, rotate, status
from tests.databases import own_environment

Make = Callable[[int], tuple[list[Application], Channel]]
OLD, NEW = b"\x01" * 32, b"\x02" * 32


def _all_open(made: list[Application], channel: Channel) -> bool:
    channel.refresh_from_db()
    tokens = [
        open_credential(each.id, slot).values["token"] for each in made for slot in ("primary", "secondary")
    ]  # type: ignore[union-attr]
    wanted = [f"token-{one}-{slot}" for one in range(len(made)) for slot in ("primary", "secondary")]
    return tokens == wanted and open_hook(channel).url.endswith("/way/to/secret")


def _acts() -> list[str]:
    return list(
        AuditEntry.objects.filter(act__startswith="keys.").order_by("id").values_list("act", flat=True)
    )


def test_r17_rotation_wraps_every_secret_anew_and_drops_the_old_key(
    key_file: KeySource, make_sealed: Make
) -> None:
    """Credentials of both slots and webhooks: all open as before, under a key that is not the old one."""
    made, channel = make_sealed(3)
    (old,) = key_file.read()
    sealed_before = dict(Credential.objects.values_list("id", "sealed"))
    found = rotate(actor=SYSTEM)
    (new,) = key_file.read()
    assert (found.rewrapped, found.dropped, found.kept, found.damaged, found.lost) == (
        7,
        [key_id(old)],
        [],
        [],
        0,
    )
    assert found.current == key_id(new) != key_id(old)
    assert set(registry.used_keys()) == {key_id(new)}
    assert _all_open(made, channel)
    # the secret itself was not encrypted anew: only its data key was
    for pk, sealed in Credential.objects.values_list("id", "sealed"):
        before, after = bytes(sealed_before[pk]), bytes(sealed)
        assert before[61:] == after[61:]
        assert before[:61] != after[:61]


def test_r18_an_exchange_of_keys_is_in_the_audit_record_without_the_keys(
    key_file: KeySource, make_sealed: Make
) -> None:
    """Begin and end, with the ids before and after; no key in any spelling."""
    make_sealed(1)
    before = key_file.read()
    rotate(actor=SYSTEM)
    assert _acts() == ["keys.rotation_begun", "keys.rotation_ended"]
    texts = " ".join(str(each.payload.content) for each in AuditEntry.objects.select_related("payload"))
    assert all(key.hex() not in texts for key in (*before, *key_file.read()))
    assert verify().ok


def test_r18_without_its_audit_entry_no_key_is_exchanged(
    key_file: KeySource, make_sealed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry cannot be written: the file and every secret stay as they are."""
    made, channel = make_sealed(1)
    before = key_file.read()

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(rotation, "record", fail)
    with pytest.raises(OSError, match="no space"):
        rotate(actor=SYSTEM)
    assert key_file.read() == before
    assert set(registry.used_keys()) == {key_id(before[0])}
    assert _all_open(made, channel)


def test_r17_an_exchange_that_was_interrupted_goes_on_where_it_stood(
    key_file: KeySource, make_sealed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle everything opens, new secrets included; the next run makes no third key."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    made, channel = make_sealed(3)
    (old,) = key_file.read()
    told: list[int] = []

    def stop(done: int, _total: int) -> None:
        told.append(done)
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(actor=SYSTEM, progress=stop)
    half = key_file.read()
    assert (len(half), half[1]) == (2, old)
    assert registry.used_keys() == {key_id(half[0]): 4, key_id(old): 3}
    assert _all_open(made, channel)
    found = rotate(actor=SYSTEM)
    assert (found.rewrapped, key_file.read()) == (3, half[:1])
    assert _acts() == ["keys.rotation_begun", "keys.rotation_resumed", "keys.rotation_ended"]
    assert _all_open(made, channel)


_KILLED = """
import os, signal
from provisor.cli.main import app
from provisor.cli.opening import open_installation
open_installation()
from provisor.vault import registry, rotation
rotation.BATCH = 1
write, count = registry.KeyedColumn.write, [0]
def dying(self, *arguments):
    write(self, *arguments)
    count[0] += 1
    if count[0] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
registry.KeyedColumn.write = dying
app(["keys", "rotate"])
"""


def test_r17_a_killed_rotation_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL inside the third transaction of a real process: the next command finishes, and all still opens."""
    environment = own_environment(tmp_path / "data") | {"PROVISOR_PRIVATE_TARGETS": "127.0.0.0/8"}

    def run(
        *arguments: str, code: str = "from provisor.cli.main import run; run()", given: str = ""
    ) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=environment, input=given, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    for one in range(5):
        url = f"https://app{one}.example.com/v2"
        code, printed = run(
            "application", "add", f"App {one}", "--url", url, "--token-stdin", given=f"token-{one}"
        )
        assert code == 0, printed
    assert run(code=_KILLED)[0] == -signal.SIGKILL
    code, printed = run("keys", "status", "--json")
    assert code == 0, printed
    assert sum('"sealed": 2' in line or '"sealed": 3' in line for line in printed.splitlines()) == 2, printed
    code, printed = run("keys", "rotate", "--json")
    assert (code, '"rewrapped": 3' in printed) == (0, True), printed
    assert len((tmp_path / "data" / "encryption-key").read_text().split()) == 1
    assert run("audit", "verify")[0] == 0


def test_r17_a_running_process_seals_and_opens_with_the_new_key_at_once(
    key_file: KeySource, directory: Path, make_sealed: Make, settings: Settings
) -> None:
    """The service has read its keys before; another process exchanges them."""
    made, channel = make_sealed(1)
    service = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = encryption_keys({}, directory)
    rotate(actor=SYSTEM)
    settings.ENCRYPTION_KEYS = service
    assert _all_open(made, channel)
    store_credential(made[0].id, "bearer", {"token": "another"}, actor=SYSTEM)
    assert set(registry.used_keys()) == {key_id(service.read()[0])}


def test_r17_a_secret_that_is_sealed_while_keys_are_exchanged_is_not_left_behind(
    key_file: KeySource, make_sealed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stored with the old key after its batch went by keeps the old key alive until the next run."""
    made, _ = make_sealed(2)
    (old,) = key_file.read()
    late = rotation._finish

    def with_a_late_one(*arguments: object) -> None:
        current = keys.ring
        monkeypatch.setattr("provisor.vault.sealing.ring", lambda: keys.KeyRing((old,)))
        store_credential(made[0].id, "bearer", {"token": "token-0-primary"}, actor=SYSTEM)
        monkeypatch.setattr("provisor.vault.sealing.ring", current)
        late(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation, "_finish", with_a_late_one)
    found = rotate(actor=SYSTEM)
    assert (found.dropped, found.kept) == ([], [key_id(old)])
    monkeypatch.setattr(rotation, "_finish", late)
    assert rotate(actor=SYSTEM).dropped == [key_id(old)]


def test_r17_a_damaged_secret_is_named_and_keeps_its_key_and_stops_nothing(
    key_file: KeySource, make_sealed: Make
) -> None:
    """It gets no good wrapping: it would look whole."""
    made, _ = make_sealed(2)
    (old,) = key_file.read()
    bad = Credential.objects.filter(application=made[0], slot="primary").get()
    Credential.objects.filter(pk=bad.pk).update(sealed=bytes(bad.sealed)[:-1] + b"\x00")
    found = rotate(actor=SYSTEM)
    assert (found.rewrapped, found.damaged) == (4, [f"credentials of applications: {bad.pk}"])
    assert found.kept == [key_id(old)]
    with pytest.raises(VaultError):
        open_credential(made[0].id)


def test_a_key_of_the_environment_is_not_made_up_and_the_way_is_told(
    make_sealed: Make, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = GivenKeys((OLD,))
    make_sealed(1)
    with pytest.raises(NothingToRotateError, match="Put a second key behind the first"):
        rotate(actor=SYSTEM)
    assert _acts() == []


def test_r17_keys_of_the_environment_are_exchanged_in_the_order_that_is_told(
    make_sealed: Make, settings: Settings
) -> None:
    """First "OLD", then "OLD NEW", "NEW OLD", rotate, "NEW": everything opens at each step."""
    settings.ENCRYPTION_KEYS = GivenKeys((OLD,))
    made, channel = make_sealed(1)
    for given in ((OLD, NEW), (NEW, OLD)):
        settings.ENCRYPTION_KEYS = GivenKeys(given)
        assert _all_open(made, channel)
    assert {each.id: (each.seals, each.sealed) for each in status()} == {
        key_id(NEW): (True, 0),
        key_id(OLD): (False, 3),
    }
    found = rotate(actor=SYSTEM)
    assert (found.rewrapped, found.dropped) == (3, [key_id(OLD)])
    settings.ENCRYPTION_KEYS = GivenKeys((NEW,))
    assert _all_open(made, channel)


def test_a_missing_key_is_seen_in_the_status(make_sealed: Make, settings: Settings) -> None:
    """What nobody can open is told, and counted."""
    settings.ENCRYPTION_KEYS = GivenKeys((OLD,))
    make_sealed(1)
    settings.ENCRYPTION_KEYS = GivenKeys((NEW,))
    lost = next(each for each in status() if not each.known)
    assert (lost.id, lost.sealed) == (key_id(OLD), 3)
    assert lost.by_column == {"credentials of applications": 2, "webhooks of notices": 1}


def test_r17_every_column_that_looks_sealed_is_reached_by_an_exchange_of_keys() -> None:
    """A new table with a key id or sealed bytes must be registered, or its key could never go."""
    looks_sealed = {
        model
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.Field) and field.name.startswith(("sealed", "key_id"))
    }
    assert looks_sealed - {column.model for column in registry.sealed_columns()} == set()
    assert len(looks_sealed) > 2


def test_the_key_file_is_replaced_whole_and_stays_private(key_file: KeySource, directory: Path) -> None:
    """Mode 600, and no draft is left behind."""
    key_file.write((OLD, NEW))
    path = directory / "encryption-key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert key_file.read() == (OLD, NEW)
    assert encryption_keys({}, directory).read() == (OLD, NEW)
    assert sorted(each.name for each in directory.iterdir()) == ["encryption-key", "secret-key"]


def test_a_key_file_that_is_gone_for_a_moment_takes_no_key_away(key_file: KeySource, directory: Path) -> None:
    """A platform that exchanges a mounted file removes the old one first."""
    before = key_file.read()
    (directory / "encryption-key").rename(directory / "elsewhere")
    assert key_file.read() == before
