"""Sessions that are listed and ended, acts that are confirmed, and the rule on second factors."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from provisor.access import accounts, rules
from provisor.access.models import Account, Session, Token
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from tests.access.hands import add_app, app_code, enter_password, errors, new_browser, post, send, signed_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
ADMINISTRATORS = "/settings/administrators"


def _forget_proofs(browser: Client) -> None:
    """Let the proofs of the session be a quarter of an hour old."""
    session = browser.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 15 * 60
    session.save()


def _sign_in_elsewhere(agent: str = FIREFOX) -> Client:
    other = Client(SERVER_NAME="localhost", enforce_csrf_checks=True, headers={"User-Agent": agent})
    enter_password(other)
    return other


def test_an_account_sees_where_it_is_signed_in_and_how(owner: Account, browser: Client):
    """Browser, address, method; and which one this is. The key is on no page."""
    enter_password(browser)
    _sign_in_elsewhere()
    page = browser.get("/account").content.decode()
    for word in ("Firefox · Linux", "127.0.0.1", "password", "this one"):
        assert word in page
    keys = Session.objects.filter(account=owner).values_list("session_key", flat=True)
    assert len(keys) == 2
    assert not any(key in page for key in keys)


def test_one_session_is_ended_and_is_over_at_its_next_request(owner: Account, browser: Client):
    enter_password(browser)
    other = _sign_in_elsewhere()
    ended = Session.objects.get(browser=FIREFOX)
    send(browser, f"/account/sessions/{ended.public_id}/end")
    assert not signed_in(other)
    assert signed_in(browser)
    entry = AuditEntry.objects.latest("id")
    assert entry.act == "account.sessions_ended"
    assert json.loads(entry.payload.text or "")["before"]["sessions"][0]["browser"] == FIREFOX


def test_all_other_sessions_are_ended_at_once(owner: Account, browser: Client):
    enter_password(browser)
    others = [_sign_in_elsewhere() for _ in range(3)]
    send(browser, "/account/sessions/end")
    assert signed_in(browser)
    assert not any(signed_in(other) for other in others)


def test_nobody_ends_the_session_of_another_account_without_the_right_to(owner: Account, browser: Client):
    accounts.create_account("bo@example.com", "a long enough phrase", "auditor", SYSTEM)
    enter_password(browser)
    other = new_browser()
    enter_password(other, email="bo@example.com")
    mine = Session.objects.get(account=owner)
    send(other, f"/account/sessions/{mine.public_id}/end")
    send(other, f"{ADMINISTRATORS}/{owner.id}/access", act="end-sessions")
    assert signed_in(browser)
    bo = Account.objects.get(email="bo@example.com")
    send(browser, f"{ADMINISTRATORS}/{bo.id}/access", act="end-sessions")
    assert not signed_in(other)


def test_a_disabled_account_has_no_session_left(owner: Account, browser: Client):
    accounts.create_account("second@example.com", "a long enough phrase", "owner", SYSTEM)
    enter_password(browser)
    accounts.disable(owner.id, SYSTEM)
    assert not Session.objects.filter(account=owner).exists()


def test_r17_what_is_in_a_session_is_encrypted(owner: Account, browser: Client):
    """And an altered one is empty."""
    enter_password(browser)
    row = Session.objects.get(account=owner)
    assert "account_authentication_methods" not in row.session_data
    assert row.get_decoded()["_auth_user_id"] == str(owner.pk)
    middle = len(row.session_data) // 2
    row.session_data = row.session_data[:middle] + "AAAA" + row.session_data[middle + 4 :]
    assert row.get_decoded() == {}


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/settings/tokens/create", {"name": "HR sync", "role": "auditor", "days": "30"}),
        (
            "/settings/administrators/add",
            {"email": "x@example.com", "role": "owner", "password": "one long phrase"},
        ),
        ("/settings/administrators/second-factor", {"required": "yes"}),
    ],
)
def test_a_dangerous_act_waits_for_a_proof_and_goes_on_with_what_was_typed(
    owner: Account, browser: Client, address: str, fields: dict[str, str]
):
    """From a session that was left open; a wrong password does nothing, and the right one does the act."""

    def done() -> tuple[int, int, bool]:
        return Token.objects.count(), Account.objects.count(), rules.second_factor_required()

    enter_password(browser)
    _forget_proofs(browser)
    before = done()
    again = send(browser, address, **fields).headers["Location"]
    assert again.startswith(reverse("account_reauthenticate"))
    assert errors(post(browser, again, password="wrong")) == ["Incorrect password."]
    assert done() == before
    send(browser, again, password="a long enough phrase", next=address)
    assert done() != before
    assert not Token.objects.exists() or Token.objects.get().name == "HR sync"


def test_a_dangerous_act_of_a_dialog_leads_the_whole_page_to_the_question(owner: Account, browser: Client):
    """Htmx would put the question into the dialog."""
    enter_password(browser)
    _forget_proofs(browser)
    browser.get("/settings/tokens/create")
    answer = browser.post(
        "/settings/tokens/create",
        {"name": "x", "csrfmiddlewaretoken": browser.cookies["provisor-csrf"].value},
        headers={"HX-Request": "true", "Referer": "http://localhost/"},
    )
    assert answer.headers["HX-Redirect"].startswith(reverse("account_reauthenticate"))


def test_who_must_have_a_second_factor_and_has_none_adds_one_before_anything_else(
    owner: Account, browser: Client
):
    """The owner, too, at the next sign-in; the session in which the rule was made goes on."""
    enter_password(browser)
    send(browser, f"{ADMINISTRATORS}/second-factor", required="yes")
    assert browser.get("/").status_code == 200
    other = new_browser()
    enter_password(other)
    for address in ("/", "/users", "/settings/tokens/create"):
        assert other.get(address).headers["Location"] == "/account"
    assert "must have a second factor" in other.get("/account").content.decode()
    assert send(other, "/settings/tokens/create", name="x", role="owner").headers["Location"] == "/account"
    add_app(other)
    assert other.get("/").status_code == 200
    assert AuditEntry.objects.filter(act="sign_in.rules_changed").exists()


def test_the_last_factor_stays_while_one_is_required(owner: Account, browser: Client):
    enter_password(browser)
    secret = add_app(browser)
    rules.require_second_factor(True, SYSTEM)
    page = send(browser, "/account/factors/app/remove").content.decode()
    assert "your last second factor" in page
    other = new_browser()
    enter_password(other)
    post(other, "/accounts/factor/", code=app_code(secret))
    assert other.get("/").status_code == 200


def test_whoever_lost_all_factors_is_reset_by_an_owner_or_on_the_server(owner: Account, browser: Client):
    """The factors go, the sessions end, and it is audited."""
    enter_password(browser)
    add_app(browser)
    accounts.reset(owner.id, SYSTEM)
    assert not signed_in(browser)
    enter_password(browser)
    assert signed_in(browser)
    acts = list(AuditEntry.objects.order_by("-id").values_list("act", "actor_kind")[:3])
    assert ("account.reset", "system") in acts
