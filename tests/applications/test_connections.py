"""Connections of one application: networks that an owner opens, authorities, a client certificate with a sealed key."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from provisor.applications.applications import create_application, update_application
from provisor.applications.connections import (
    allow_networks,
    clear_client_certificate,
    open_way,
    shown,
    store_client_certificate,
    trust_authorities,
)
from provisor.applications.credentials import OpenCredential, open_credential
from provisor.applications.models import Application, ConnectionSettings
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.directory.models import JournalEntry
from provisor.provisioning.passes.connection import connect
from provisor.scim.addresses import read_networks
from provisor.scim.dialect import Dialect
from provisor.scim.errors import AddressRefused, NotSent, ScimFailure
from provisor.scim.transport import Request
from provisor.vault.keys import VaultError
from tests.certificates import Authority, Issued, make_authority
from tests.scim.raw_server import always, http, raw_server

Make = Callable[..., Application]
GET = Request(method="GET", url_path="/Users")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue("provisor.example.com")


async def ask(url: str, credential: OpenCredential | None) -> int:
    """One request as a pass would send it."""
    assert credential is not None
    connection = connect(url, credential, Dialect())
    try:
        return (await connection.transport.send(GET)).status
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "network",
    [
        "0.0.0.0/0",
        "::/0",
        "8.8.8.0/24",
        "10.0.0.0/7",
        "169.254.169.254/32",
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",
        "fd00:ec2::254/128",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "10.1.2.3/8",
        "224.0.0.0/4",
        "2001:db8::/32",
        "::ffff:10.0.0.0/104",
        "64:ff9b::/96",
        "nonsense",
    ],
)
def test_r16_only_a_private_network_can_be_opened(network: str) -> None:
    """Neither a public one, nor metadata, link-local, wrapped or misspelt ones."""
    with pytest.raises(AddressRefused):
        read_networks([network])


@pytest.mark.parametrize("network", ["10.0.0.0/8", "fc00::/7", "100.64.0.0/10", "fd00::/8"])
def test_r16_metadata_inside_an_opened_network_stays_closed(
    make_application: Make, actor: Actor, network: str
) -> None:
    """Alibaba's is inside 100.64.0.0/10, those of Amazon, Google and Oracle inside fc00::/7."""
    application = make_application()
    allow_networks(application.id, [network], actor=actor)
    for address in (
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[fd00:c1::a9fe:a9fe]",
        "169.254.169.254",
    ):
        with pytest.raises(ConfigurationRefusal):
            update_application(application.id, {"base_url": f"https://{address}/v2"}, actor=actor)


def test_r16_a_network_is_open_for_its_application_alone_and_closed_again(
    make_application: Make, actor: Actor, settings: Settings
) -> None:
    settings.PRIVATE_TARGETS = ()
    one, other = make_application("One"), make_application("Other")
    inside = {"base_url": "http://10.20.1.1/v2"}
    with pytest.raises(ConfigurationRefusal, match="owner"):
        update_application(one.id, inside, actor=actor, may_loosen=True)
    allow_networks(one.id, ["10.20.0.0/16"], actor=actor)
    assert update_application(one.id, inside, actor=actor, may_loosen=True).base_url == "http://10.20.1.1/v2"
    with pytest.raises(ConfigurationRefusal):
        update_application(other.id, inside, actor=actor, may_loosen=True)
    with pytest.raises(ConfigurationRefusal):
        update_application(one.id, {"base_url": "http://10.21.1.1/v2"}, actor=actor, may_loosen=True)
    allow_networks(one.id, [], actor=actor)
    entries = AuditEntry.objects.filter(act="application.networks_allowed").order_by("id")
    contents = [each.payload.content for each in entries]
    assert contents == [
        {"before": {"networks": []}, "after": {"networks": ["10.20.0.0/16"]}},
        {"before": {"networks": ["10.20.0.0/16"]}, "after": {"networks": []}},
    ]


def test_r16_an_application_can_be_created_in_a_network_of_its_own(
    actor: Actor, db: None, settings: Settings
) -> None:
    settings.PRIVATE_TARGETS = ()
    given = {"base_url": "http://10.20.1.1/v2", "networks": ["10.20.0.0/16"]}
    made = create_application(name="Wiki", actor=actor, **given)
    assert shown(made.id)["networks"] == ["10.20.0.0/16"]
    entry = AuditEntry.objects.get(act="application.created", subject_id=str(made.id))
    assert entry.payload.content["after"]["networks"] == ["10.20.0.0/16"]
    with pytest.raises(ConfigurationRefusal):
        create_application(name="Other", actor=actor, base_url="http://10.20.1.1/v2", networks=["8.8.8.0/24"])


def test_r16_a_pass_reaches_what_is_open_for_its_application_and_nothing_else(
    transactional_db: None, make_application: Make, actor: Actor, settings: Settings
) -> None:
    """A real server on loopback, which no setting opens."""
    settings.PRIVATE_TARGETS = ()
    one, other = make_application("One"), make_application("Other")
    allow_networks(one.id, ["127.0.0.1/32"], actor=actor)
    opened, closed = open_credential(one.id), open_credential(other.id)

    async def talk() -> tuple[int, int]:
        async with raw_server(always(http(200, {}))) as server:
            status = await ask(server.url, opened)
            with pytest.raises(AddressRefused):
                await ask(server.url, closed)
            return status, server.connections

    assert asyncio.run(talk()) == (200, 1)


def test_a_client_certificate_and_an_authority_are_used_in_each_connection(  # noqa: PLR0917 - fixtures
    transactional_db: None,
    make_application: Make,
    actor: Actor,
    authority: Authority,
    issued: Issued,
    tmp_path: Path,
) -> None:
    """Mutual TLS with a real server: refused without the certificate, and without trusting the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side = authority.issue("localhost")
    (tmp_path / "server.pem").write_text(server_side.key + server_side.certificate)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    application = make_application()
    bare = open_credential(application.id)
    trust_authorities(application.id, authority.pem, actor=actor)
    trusting = open_credential(application.id)
    store_client_certificate(application.id, issued.certificate, issued.key, actor=actor)
    shown_too = open_credential(application.id)

    async def talk() -> int:
        async with raw_server(always(http(200, {})), tls=context) as server:
            url = f"https://localhost:{server.port}/v2"
            with pytest.raises(NotSent, match="certificate"):
                await ask(url, bare)
            with pytest.raises(ScimFailure):
                await ask(url, trusting)
            assert not server.received
            return await ask(url, shown_too)

    assert asyncio.run(talk()) == 200


def test_r17_the_key_of_a_certificate_is_sealed_and_shown_nowhere(
    make_application: Make, actor: Actor, issued: Issued
) -> None:
    """Not in the row, the journal, the audit record, or a representation; and it opens in its own row only."""
    application = make_application()
    store_client_certificate(application.id, issued.certificate, issued.key, actor=actor)
    row = ConnectionSettings.objects.get()
    secret = "".join(issued.key.splitlines()[1:-1]).encode()
    assert secret[:40] not in bytes(row.sealed)
    way = open_way(application.id)
    assert way.client_key.strip() == issued.key.strip()
    assert secret.decode()[:40] not in repr(way) + repr(open_credential(application.id))
    told = " ".join(str(each.payload.content) for each in AuditEntry.objects.select_related("payload"))
    told += " ".join(str(each.detail) for each in JournalEntry.objects.all())
    assert secret.decode()[:40] not in told.replace("\\n", "")
    assert "provisor.example.com" in told
    assert shown(application.id)["client_key_stored"] is True
    other = make_application("Other")
    ConnectionSettings.objects.filter(pk=row.pk).update(application=other)
    with pytest.raises(VaultError, match="copied from another"):
        open_way(other.id)


def test_r17_another_base_url_forgets_the_certificate(
    make_application: Make, actor: Actor, issued: Issued
) -> None:
    """It would prove our identity to a host that somebody else has chosen."""
    application = make_application()
    store_client_certificate(application.id, issued.certificate, issued.key, actor=actor)
    update_application(
        application.id, {"base_url": "https://other.example.com/v2"}, actor=actor, may_loosen=True
    )
    row = ConnectionSettings.objects.get()
    assert (row.client_certificate, row.sealed) == ("", None)


def test_a_certificate_that_cannot_be_used_is_refused_with_the_reason(
    make_application: Make, actor: Actor, authority: Authority, issued: Issued
) -> None:
    """Nothing of a key is in the sentence, and nothing was stored."""
    application = make_application()
    other = authority.issue("other.example.com")
    for certificate, key, why in (
        (issued.certificate, other.key, "do not belong together"),
        (issued.certificate, "canary-key", "no private key"),
        ("canary", issued.key, "no certificate"),
        ("", issued.key, "no certificate"),
    ):
        with pytest.raises(ConfigurationRefusal) as refused:
            store_client_certificate(application.id, certificate, key, actor=actor)
        reasons = " ".join(each.reason for each in refused.value.problems)
        assert why in reasons
        assert "canary" not in reasons
    with pytest.raises(ConfigurationRefusal):
        trust_authorities(application.id, issued.certificate, actor=actor)
    assert not ConnectionSettings.objects.exists()


def test_clearing_forgets_certificate_and_key_and_is_an_entry(
    make_application: Make, actor: Actor, issued: Issued
) -> None:
    application = make_application()
    store_client_certificate(application.id, issued.certificate, issued.key, actor=actor)
    clear_client_certificate(application.id, actor=actor)
    assert open_way(application.id).client_key == ""
    found = AuditEntry.objects.filter(act__contains="client_certificate").order_by("id")
    acts = list(found.values_list("act", flat=True))
    assert acts == ["application.client_certificate_stored", "application.client_certificate_cleared"]
