"""The target lives as long as the service and its application do."""

import os
import signal
from pathlib import Path

import pytest

from provisor.applications.applications import delete_application
from provisor.applications.credentials import open_credential
from provisor.applications.models import Application
from provisor.applications.own_targets import is_open
from provisor.audit.actor import SYSTEM
from provisor.provisioning.homes.process_lock import EngineRunsError
from provisor.provisioning.preview import examination
from provisor.provisioning.preview.examination import examine
from provisor.sample.keeper import FOLDER, Keeper, keeping
from provisor.sample.loading import Loaded, load_sample
from provisor.sample.process import TargetFailed, listen
from tests.sample.conftest import until
from tests.servers.reader import post, read_users


def _application(loaded: Loaded) -> Application:
    return Application.objects.get(pk=loaded.application_id)


def _token(loaded: Loaded) -> str:
    credential = open_credential(loaded.application_id)
    assert credential is not None
    return str(credential.values["token"])


def _add_ada(loaded: Loaded) -> str:
    schema = "urn:ietf:params:scim:schemas:core:2.0:User"
    base_url, document = _application(loaded).base_url, {"schemas": [schema], "userName": "ada"}
    return str(post(f"{base_url}/Users", document, _token(loaded))["id"])


def test_deleting_the_application_ends_its_target_and_forgets_what_it_held(
    loaded: Loaded, keeper: Keeper, tmp_path: Path
) -> None:
    port, base_url = keeper.target.port, _application(loaded).base_url
    assert is_open(loaded.application_id, base_url)
    delete_application(loaded.application_id, actor=SYSTEM)
    until(lambda: keeper.target is None)
    assert not is_open(loaded.application_id, base_url)
    assert not (tmp_path / FOLDER).exists()
    listen(port).close()


def test_after_a_restart_it_listens_where_it_did_and_holds_what_it_held(
    transactional_db: None, tmp_path: Path
) -> None:
    with keeping(tmp_path) as keeper:
        loaded = load_sample(keeper, SYSTEM, lambda _done, _total: None)
        made = _add_ada(loaded)
    base_url = _application(loaded).base_url
    assert not is_open(loaded.application_id, base_url)
    with keeping(tmp_path):
        assert examination.test_connection(loaded.application_id, actor=SYSTEM)["ok"]
        assert read_users(base_url, _token(loaded))["ada"]["id"] == made


def test_a_target_whose_application_went_while_the_service_was_down_does_not_come_back(
    transactional_db: None, tmp_path: Path
) -> None:
    with keeping(tmp_path) as keeper:
        loaded = load_sample(keeper, SYSTEM, lambda _done, _total: None)
    delete_application(loaded.application_id, actor=SYSTEM)
    with keeping(tmp_path) as keeper:
        assert keeper.target is None
    assert not (tmp_path / FOLDER).exists()


def test_when_another_program_has_its_port_nothing_is_sent_there_until_it_goes(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever listens there now would be given the token otherwise."""
    monkeypatch.setattr("provisor.sample.keeper._LOOK_EVERY", 0.05)
    with keeping(tmp_path) as keeper:
        loaded = load_sample(keeper, SYSTEM, lambda _done, _total: None)
        port = keeper.target.port
    with listen(port) as other, keeping(tmp_path):
        report = examination.test_connection(loaded.application_id, actor=SYSTEM)
        assert not report["ok"]
        assert "loopback" in report["checks"][0]["message"]
        assert report["requests"] == 0
        other.close()
        until(lambda: examination.test_connection(loaded.application_id, actor=SYSTEM)["ok"])


def test_a_process_that_dies_is_brought_back_on_the_same_port_with_what_it_held(
    loaded: Loaded, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _add_ada(loaded)
    first = keeper._process
    # Written within a second of the change; this one gets no time to do it at its end.
    until(lambda: "ada" in _kept(keeper))
    os.kill(first._process.pid, signal.SIGKILL)
    until(lambda: not first.alive())
    keeper._look_now.set()
    until(lambda: keeper._process is not first)
    assert read_users(_application(loaded).base_url, _token(loaded))["ada"]["id"] == made


def _kept(keeper: Keeper) -> str:
    file = keeper._directory / "resources.json"
    return file.read_text() if file.exists() else ""


def test_there_is_one_target_and_one_keeper(loaded: Loaded, keeper: Keeper, tmp_path: Path) -> None:
    with pytest.raises(TargetFailed, match="Delete its application first"), keeper.new_target():
        pass
    with pytest.raises(EngineRunsError), keeping(tmp_path):
        pass
    assert examination.test_connection(loaded.application_id, actor=SYSTEM)["ok"]


def test_a_note_that_cannot_be_read_keeps_no_service_from_starting(
    transactional_db: None, tmp_path: Path
) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "target.json").write_text('{"application": 7}')
    with keeping(tmp_path) as keeper:
        assert keeper.target is None


def test_another_token_in_the_settings_is_the_targets_token_after_a_restart(
    transactional_db: None, tmp_path: Path
) -> None:
    """Until then it is refused, which is worth seeing, too."""
    from provisor.applications.credentials import store_credential

    with keeping(tmp_path) as keeper:
        loaded = load_sample(keeper, SYSTEM, lambda _done, _total: None)
        store_credential(loaded.application_id, "bearer", {"token": "mine"}, actor=SYSTEM)
        assert not examination.test_connection(loaded.application_id, actor=SYSTEM)["ok"]
    with keeping(tmp_path):
        assert examination.test_connection(loaded.application_id, actor=SYSTEM)["ok"]
    assert not examine(_application(loaded).base_url, "bearer", {"token": "mine"})["ok"]
