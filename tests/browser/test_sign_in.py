"""Signing in with each method and being refused with each wrong one, in the browser: passkeys by Chromium's virtual
authenticator (CDP, domain WebAuthn), codes and links by a mail server that keeps what it gets.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access.hands import app_code
from tests.browser.service import EMAIL, PASSWORD, Service, service
from tests.servers.sinks import MailSink, mail_sink

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def with_mail(tmp_path_factory: pytest.TempPathFactory, mailbox: MailSink) -> Iterator[Service]:
    """A Provisor that can send e-mail."""
    address = f"smtp://127.0.0.1:{mailbox.port}"
    with service(tmp_path_factory.mktemp("with-mail"), PROVISOR_EMAIL_URL=address) as running:
        yield running


class Device:
    """A virtual authenticator in a page: a laptop with a fingerprint reader."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})[
            "authenticatorId"
        ]

    def recognises(self, *, the_person: bool) -> None:
        given = {"authenticatorId": self._id, "isUserVerified": the_person}
        self._session.send("WebAuthn.setUserVerified", given)

    def credentials(self) -> list[dict[str, Any]]:
        given = {"authenticatorId": self._id}
        found: list[dict[str, Any]] = self._session.send("WebAuthn.getCredentials", given)["credentials"]
        return found


def enter(page: Page, place: Service, email: str = EMAIL, password: str = PASSWORD) -> None:
    page.goto(f"{place.address}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page, place: Service) -> None:
    page.goto(f"{place.address}/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/accounts/login/"))


def new_person(place: Service, name: str) -> str:
    email = f"{name}@example.com"
    place.command(
        "admin", "create", "--email", email, "--password-stdin", "--role", "auditor", given=PASSWORD
    )
    return email


def add_passkey(page: Page, place: Service, name: str) -> None:
    page.goto(f"{place.address}/account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_role("button", name="Make the passkey").click()


def test_a_passkey_is_made_and_then_signs_in_alone(blank: Page, with_mail: Service):
    """Made after the password; kept by the device; with ten recovery codes, shown once and saved as a file."""
    page, device = blank, Device(blank)
    email = new_person(with_mail, "pat")
    enter(page, with_mail, email)
    add_passkey(page, with_mail, "Laptop")
    page.wait_for_url(re.compile("/account/factors/codes"))
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert len(re.findall(r"\d{8}", download.value.path().read_text())) == 10
    (credential,) = device.credentials()
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"
    leave(page, with_mail)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{with_mail.address}/")
    page.goto(f"{with_mail.address}/account")
    expect(page.locator("main")).to_contain_text("Laptop")
    expect(page.locator("main")).to_contain_text("used")
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]


def test_a_passkey_is_asked_for_after_the_password_and_a_device_that_does_not_know_the_person_is_refused(
    blank: Page, with_mail: Service
):
    """PIN, finger or face each time; and a wrong code instead is refused, too."""
    page, device = blank, Device(blank)
    email = new_person(with_mail, "sam")
    enter(page, with_mail, email)
    add_passkey(page, with_mail, "Blue key")
    page.wait_for_url(re.compile("/account/factors/codes"))
    leave(page, with_mail)
    enter(page, with_mail, email)
    page.wait_for_url(re.compile("/accounts/factor/"))
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_label("Code").fill("12345678")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("Incorrect code")
    device.recognises(the_person=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    device.recognises(the_person=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{with_mail.address}/")


def test_a_passkey_that_was_removed_here_is_refused(blank: Page, with_mail: Service):
    """The device still has it."""
    page, device = blank, Device(blank)
    email = new_person(with_mail, "ray")
    enter(page, with_mail, email)
    add_passkey(page, with_mail, "Old key")
    page.wait_for_url(re.compile("/account/factors/codes"))
    page.goto(f"{with_mail.address}/account")
    page.get_by_role("link", name="Remove Old key").click()
    page.get_by_role("button", name="Remove the passkey").click()
    page.wait_for_url(f"{with_mail.address}/account")
    leave(page, with_mail)
    assert len(device.credentials()) == 1
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("main")).to_contain_text("Incorrect code")
    page.goto(with_mail.address)
    page.wait_for_url(re.compile("/accounts/login/"))


def test_a_passkey_of_a_disabled_account_is_refused(blank: Page, chromium: Browser, with_mail: Service):
    """Disabled by an owner in another window, in the middle of it."""
    page, _ = blank, Device(blank)
    email = new_person(with_mail, "dee")
    enter(page, with_mail, email)
    add_passkey(page, with_mail, "Key")
    page.wait_for_url(re.compile("/account/factors/codes"))
    owner = chromium.new_context().new_page()
    enter(owner, with_mail)
    owner.goto(f"{with_mail.address}/settings/administrators?q={email}")
    owner.get_by_role("link", name=f"Disable {email}").click()
    owner.get_by_role("button", name=f"Disable {email}").click()
    expect(owner.locator("#notices")).to_contain_text("cannot sign in any more")
    owner.context.close()
    page.goto(with_mail.address)
    page.wait_for_url(re.compile("/accounts/login/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile("/accounts/inactive/"))


def newest(mailbox: MailSink, email: str, count: int) -> str:
    """The text of the newest letter to somebody, once there are so many."""
    until = time.monotonic() + 10
    while True:
        found = [message for message in mailbox.messages if message["To"] == email]
        if len(found) >= count:
            return str(found[-1].get_payload(decode=True).decode()).replace("\r\n", "\n")  # type: ignore[union-attr]  # letters are not multipart
        assert time.monotonic() < until, f"no letter to {email}"
        time.sleep(0.05)


def test_a_code_by_e_mail_signs_in_and_a_wrong_one_does_not(
    blank: Page, with_mail: Service, mailbox: MailSink
):
    """Three tries; then another code has to be asked for."""
    page, email = blank, new_person(with_mail, "cam")
    page.goto(with_mail.address)
    page.get_by_role("link", name="Send me a code").click()
    page.get_by_label("Email").fill(email)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_role("button", name="Send me a code").click()
    (code,) = re.findall(r"^([A-Z]{4}-[A-Z]{4})$", newest(mailbox, email, 1), re.MULTILINE)
    page.get_by_label("Code").fill("BCDF-GHJK")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main")).to_contain_text("Incorrect code")
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_label("Code").fill(code.lower().replace("-", ""))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{with_mail.address}/")
    leave(page, with_mail)
    page.goto(f"{with_mail.address}/accounts/code/enter/")
    page.wait_for_url(re.compile("/accounts/code/$"))


def test_an_unknown_address_gets_the_same_answer_and_no_letter(
    blank: Page, with_mail: Service, mailbox: MailSink
):
    """Nobody learns here who has an account."""
    page, before = blank, len(mailbox.messages)
    page.goto(f"{with_mail.address}/accounts/code/")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url(re.compile("/accounts/code/enter/"))
    expect(page.locator("main")).to_contain_text("If nobody@example.com belongs to an account")
    assert len(mailbox.messages) == before


def test_without_a_mail_server_nothing_is_offered_that_needs_one(blank: Page, provisor: Service):
    """No code, no link, no new password by e-mail."""
    page = blank
    page.goto(f"{provisor.address}/accounts/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    assert page.get_by_role("link", name=re.compile("Send me|Forgot")).count() == 0


def test_a_link_by_e_mail_signs_in_once_and_asks_first(blank: Page, with_mail: Service, mailbox: MailSink):
    """Opened, it asks; used, it is over."""
    page, email = blank, new_person(with_mail, "lin")
    page.goto(with_mail.address)
    page.get_by_role("link", name="Send me a link").click()
    page.get_by_label("Email").fill(email)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_role("button", name="Send me a link").click()
    expect(page.locator("main")).to_contain_text("Look into your mailbox")
    (link,) = re.findall(r"http://localhost\S+", newest(mailbox, email, 1))
    page.goto(link)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    page.get_by_role("button", name=f"Sign in as {email}").click()
    page.wait_for_url(f"{with_mail.address}/")
    leave(page, with_mail)
    page.goto(link)
    expect(page.locator("main")).to_contain_text("does not count any more")


def test_an_administrator_who_must_have_a_second_factor_adds_an_app_by_its_qr_code(
    new_provisor: Service, blank: Page
):
    """Required in the settings; at the next sign-in nothing else opens; then the code of the app is asked for."""
    page = blank
    enter(page, new_provisor)
    page.goto(f"{new_provisor.address}/settings/administrators")
    page.get_by_role("button", name="Require a second factor").click()
    expect(page.locator("#notices")).to_contain_text("from their next sign-in on")
    leave(page, new_provisor)
    enter(page, new_provisor)
    page.wait_for_url(f"{new_provisor.address}/account")
    page.goto(f"{new_provisor.address}/users")
    page.wait_for_url(f"{new_provisor.address}/account")
    page.get_by_role("link", name="Add an app").click()
    code = page.get_by_role("img", name="QR code")
    expect(code).to_be_visible()
    assert code.evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    secret = str(page.locator("#totp-secret").text_content())
    page.get_by_label("Authenticator code").fill(app_code(secret, -1))
    page.get_by_role("button", name="Add the app").click()
    page.wait_for_url(re.compile("/account/factors/codes"))
    leave(page, new_provisor)
    enter(page, new_provisor)
    page.get_by_label("Code").fill(app_code(secret))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{new_provisor.address}/")
