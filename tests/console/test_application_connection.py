"""The page Connection of an application: who may save what, and what never comes back."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from provisor.access.accounts import create_account
from provisor.applications.connections import open_way, shown
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from tests.certificates import make_authority
from tests.console.conftest import application as make

SECRET_LINE = 1


@pytest.fixture
def target(db: None) -> Application:
    return make("Wiki")


def of_role(role: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM))
    return client


@pytest.fixture
def save(target: Application) -> Callable[..., tuple[int, str]]:
    place = reverse("application-connection", args=[target.id])

    def post(client: Client, part: str, **fields: str) -> tuple[int, str]:
        target.refresh_from_db()
        answer = client.post(place, {"part": part, "edition": target.version, **fields})
        return answer.status_code, answer.content.decode()

    return post


def test_r16_only_an_owner_opens_networks_on_the_page(
    target: Application, save: Callable[..., tuple[int, str]]
) -> None:
    admin, owner = of_role("application-administrator"), of_role("owner")
    assert save(admin, "networks", networks="10.0.0.0/8")[0] == 403
    assert shown(target.id)["networks"] == []
    assert save(owner, "networks", networks="10.0.0.0/8\nfd12::/16")[0] == 302
    assert shown(target.id)["networks"] == ["10.0.0.0/8", "fd12::/16"]
    status, page = save(owner, "networks", networks="169.254.169.254/32")
    assert status == 422
    assert "link-local" in page
    assert "169.254.169.254/32" in page, "what was typed comes back"


@pytest.mark.parametrize("role", ["auditor", "approver", "help-desk"])
def test_others_read_the_page_and_save_nothing(
    target: Application, save: Callable[..., tuple[int, str]], role: str
) -> None:
    client = of_role(role)
    assert client.get(reverse("application-connection", args=[target.id])).status_code == 200
    for part in ("networks", "authorities", "certificate"):
        assert save(client, part)[0] == 403


def test_r17_a_client_key_is_in_no_page_also_when_it_is_refused(
    target: Application, save: Callable[..., tuple[int, str]]
) -> None:
    admin = of_role("application-administrator")
    authority = make_authority()
    issued, other = authority.issue("provisor.example.com"), authority.issue("other.example.com")
    status, page = save(admin, "certificate", client_certificate=issued.certificate, client_key=other.key)
    assert status == 422
    assert "do not belong together" in page
    assert other.key.splitlines()[SECRET_LINE] not in page
    assert save(admin, "certificate", client_certificate=issued.certificate, client_key=issued.key)[0] == 302
    assert open_way(target.id).client_key.strip() == issued.key.strip()
    page = admin.get(reverse("application-connection", args=[target.id])).content.decode()
    assert issued.key.splitlines()[SECRET_LINE] not in page
    assert "provisor.example.com" in page
    assert save(admin, "authorities", authorities=authority.pem)[0] == 302
    assert save(admin, "certificate", client_certificate="")[0] == 302
    assert open_way(target.id).client_key == ""


def test_somebody_elses_change_is_not_overwritten(
    target: Application, save: Callable[..., tuple[int, str]]
) -> None:
    owner = of_role("owner")
    status, page = save(owner, "networks", networks="10.0.0.0/8", edition="0")
    assert status == 422
    assert "was changed by somebody else" in page
