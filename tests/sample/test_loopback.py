"""The sample application reaches its own target on loopback, and nothing else comes there through it."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from provisor.applications.applications import (
    create_application,
    create_for_own_target,
    update_application,
)
from provisor.applications.credentials import OpenCredential, open_credential, store_credential
from provisor.applications.models import Application
from provisor.applications.own_targets import OwnTarget, close_target, is_open, open_target
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import SYSTEM
from provisor.provisioning.passes.connection import connect
from provisor.provisioning.preview import examination
from provisor.provisioning.preview.examination import examine
from provisor.sample.keeper import Keeper
from provisor.sample.loading import Loaded
from provisor.sample.process import listen
from provisor.scim.capabilities import resolve
from provisor.scim.errors import AddressRefused
from provisor.scim.transport import Request, Transport

_LOOPBACK = "loopback"


@pytest.fixture
def other_port() -> Iterator[int]:
    """Another program on this machine: Provisor must not speak to it."""
    with listen() as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def application(loaded: Loaded) -> Application:
    return Application.objects.get(pk=loaded.application_id)


def _credential(application: Application) -> OpenCredential:
    found = open_credential(application.pk)
    assert found is not None
    return found


def test_its_own_target_is_reached_although_no_setting_opens_loopback(application: Application) -> None:
    report = examination.test_connection(application.pk, actor=SYSTEM)
    assert report["ok"], report["checks"]
    assert report["requests"] > 0


def test_what_is_typed_for_no_application_does_not_reach_it(application: Application) -> None:
    """The step Connection and `provisor doctor` take any address: right token or not, it is refused."""
    report = examine(application.base_url, "bearer", dict(_credential(application).values))
    assert not report["ok"]
    assert _LOOPBACK in report["checks"][0]["message"]
    assert report["requests"] == 0


def test_no_other_application_may_have_its_address(application: Application) -> None:
    with pytest.raises(ConfigurationRefusal, match=_LOOPBACK):
        create_application(name="Another", base_url=application.base_url, actor=SYSTEM)
    honest = create_application(name="Another", base_url="https://another.example/v2", actor=SYSTEM)
    with pytest.raises(ConfigurationRefusal, match=_LOOPBACK):
        update_application(honest.pk, {"base_url": application.base_url}, actor=SYSTEM)


def test_another_application_with_its_address_by_whatever_way_reaches_nothing(
    application: Application,
) -> None:
    """A row that came from elsewhere, say a restored database, opens nothing: the id must be that of the target."""
    twin = create_application(
        name="Twin",
        base_url="https://twin.example/v2",
        auth={"method": "bearer", "token": "tok"},
        actor=SYSTEM,
    )
    Application.objects.filter(pk=twin.pk).update(base_url=application.base_url)
    report = examination.test_connection(twin.pk, actor=SYSTEM)
    assert not report["ok"]
    assert report["requests"] == 0


_ELSEWHERE = (
    "http://127.0.0.1:{other}/v2",
    "http://127.0.0.1:{own}/other",
    "http://127.0.0.1:{own}",
    "https://127.0.0.1:{own}/v2",
    "http://localhost:{own}/v2",
    "http://127.0.0.2:{own}/v2",
    "http://[::1]:{own}/v2",
    "http://[::ffff:127.0.0.1]:{own}/v2",
    "http://2130706433:{own}/v2",
)


def test_it_cannot_be_moved_to_another_place_on_this_machine(
    application: Application, keeper: Keeper, other_port: int
) -> None:
    for address in _ELSEWHERE:
        moved = address.format(own=keeper.target.port, other=other_port)
        with pytest.raises(ConfigurationRefusal):
            update_application(application.pk, {"base_url": moved}, actor=SYSTEM)
        # Nor when the row says so all the same.
        with pytest.raises(AddressRefused):
            _connected(moved, application)


def _connected(base_url: str, application: Application) -> None:
    """Open the door and go through it: names are judged where they are connected to."""
    connection = connect(base_url, _credential(application), resolve(()))
    asyncio.run(_get(connection.transport))


def test_its_other_settings_can_be_saved_with_the_address_that_it_has(application: Application) -> None:
    """The interfaces send the document as a whole: what has not changed is not judged again."""
    changes = {"name": "My target", "base_url": application.base_url}
    assert update_application(application.pk, changes, actor=SYSTEM).name == "My target"


def test_it_cannot_ask_another_program_of_this_machine_for_a_token(
    application: Application, other_port: int
) -> None:
    """The token address is an address of its own: neither stored nor connected to."""
    values = {
        "token_url": f"http://127.0.0.1:{other_port}/token",
        "client_id": "a",
        "client_secret": "b",
    }
    with pytest.raises(ConfigurationRefusal):
        store_credential(application.pk, "oauth2_client_credentials", values, actor=SYSTEM)
    for address in (values["token_url"], application.base_url):
        connection = connect(application.base_url, _credential(application), resolve(()))
        with pytest.raises(AddressRefused):
            asyncio.run(_ask(connection.transport, address))


async def _ask(transport: Transport, address: str) -> None:
    try:
        await transport.send_form(address, {"grant_type": "client_credentials"})
    finally:
        await transport.close()


def test_a_door_that_stands_open_already_closes_with_the_target(application: Application) -> None:
    """The permission is asked for again before each connection, not once when the pass begins."""
    connection = connect(application.base_url, _credential(application), resolve(()))
    close_target(OwnTarget(application_id=application.pk, port=_port(application)))
    with pytest.raises(AddressRefused, match=_LOOPBACK):
        asyncio.run(_get(connection.transport))


async def _get(transport: Transport) -> None:
    try:
        await transport.send(Request(method="GET", url_path="/Users"))
    finally:
        await transport.close()


def _port(application: Application) -> int:
    return int(application.base_url.rpartition(":")[2].partition("/")[0])


def test_nobody_else_can_listen_on_its_port_while_the_service_runs(keeper: Keeper, loaded: Loaded) -> None:
    """Not even while its process is being replaced: the service itself holds the socket."""
    keeper._process.end()
    with pytest.raises(OSError, match="in use"):
        listen(keeper.target.port)


def test_an_application_cannot_be_made_for_a_target_that_does_not_run(db: None, other_port: int) -> None:
    target = OwnTarget(application_id=uuid4(), port=other_port)
    with pytest.raises(ConfigurationRefusal, match="runs no target"):
        create_for_own_target(target, name="Trick", actor=SYSTEM)
    open_target(target)
    try:
        assert is_open(target.application_id, target.base_url)
        assert not is_open(None, target.base_url)
        assert not is_open(uuid4(), target.base_url)
    finally:
        close_target(target)


def test_an_interface_that_passes_a_callers_fields_on_cannot_name_a_target(db: None, other_port: int) -> None:
    for field in ("id", "target", "known_url", "own_target", "application_id"):
        fields = {"name": "Trick", "base_url": f"http://127.0.0.1:{other_port}/v2", field: "x"}
        with pytest.raises(ConfigurationRefusal):
            create_application(actor=SYSTEM, **fields)
