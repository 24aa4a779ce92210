"""My apps in the browser: each method opens what demands it, each weaker one is refused and led on, to the end."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.access.hands import app_code
from tests.browser.relying_party import Wiki, wiki
from tests.browser.service import PASSWORD, Service, service
from tests.browser.test_sign_in import Device, leave, newest
from tests.servers.sinks import MailSink, mail_sink

NARROW = {"width": 400, "height": 800}
#: Application by application what its policy demands.
DEMANDS = {
    "Notes": ("magic_link", "none"),
    "Chat": ("password", "none"),
    "Bank": ("password", "totp"),
    "Safe": ("passwordless", "passkey"),
    "Core": ("password", "passkey"),
    "Wiki": ("password", "any"),
}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def target() -> Iterator[Wiki]:
    with wiki() as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, mailbox: MailSink, target: Wiki) -> Iterator[Service]:
    """A Provisor with e-mail, the group Staff, and six applications that Staff has, each by another method."""
    address = f"smtp://127.0.0.1:{mailbox.port}"
    with service(tmp_path_factory.mktemp("my-apps"), PROVISOR_EMAIL_URL=address) as running:
        running.command("group", "create", "Staff")
        for name, (method, factor) in DEMANDS.items():
            url = f"https://{name.lower()}.example/scim"
            running.command(
                "application", "add", name, "--url", url, "--launch-url", f"{target.address}/start?{name}"
            )
            running.command(
                "policy", "add", name, "Staff", "--login-method", method, "--second-factor", factor
            )
        target.issuer = running.address
        target.secret = running.command(
            "sign-in", "set", "Wiki", "--redirect", f"{target.address}/callback"
        ).strip()
        target.client_id = json.loads(running.command("sign-in", "show", "Wiki"))["client_id"]
        yield running


def newcomer(place: Service, name: str) -> str:
    """Somebody in the directory and in Staff, whom nobody has invited."""
    email = f"{name}@example.com"
    place.command(
        "user", "create", name, "--given-name", name.title(), "--family-name", "King", "--email", email
    )
    place.command("group", "add", "Staff", name)
    return email


def by_code(page: Page, place: Service, mailbox: MailSink, email: str, letters: int = 1) -> None:
    page.goto(f"{place.address}/accounts/code/")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    (code,) = re.findall(r"^([A-Z]{4}-[A-Z]{4})$", newest(mailbox, email, letters), re.MULTILINE)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{place.address}/my/")


def by_password(page: Page, place: Service, email: str, next_: str = "/my/") -> None:
    page.goto(f"{place.address}/accounts/login/?next={next_}")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def open_(page: Page, place: Service, name: str) -> None:
    page.goto(f"{place.address}/my/")
    page.get_by_role("link", name=f"Open {name}").click()


def is_open(page: Page, target: Wiki, name: str) -> None:
    page.wait_for_url(f"{target.address}/start?{name}")
    expect(page.get_by_role("heading")).to_have_text("Welcome")


def clean(page: Page) -> None:
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]


def set_password(page: Page) -> None:
    page.get_by_role("link", name="Set a password").click()
    clean(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()


def test_a_newcomer_is_led_from_a_code_by_e_mail_to_password_and_passkey(
    blank: Page, place: Service, mailbox: MailSink, target: Wiki
):
    """Each application asks for just what is missing; what is stronger than demanded opens at once."""
    page, _ = blank, Device(blank)
    email = newcomer(place, "mia")
    by_code(page, place, mailbox, email)
    clean(page)
    expect(page.locator("main")).to_contain_text("Your account is being prepared.")
    open_(page, place, "Notes")
    is_open(page, target, "Notes")
    open_(page, place, "Chat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Chat asks for more")
    clean(page)
    set_password(page)
    page.wait_for_url(re.compile("/accounts/again/"))
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("Incorrect password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    is_open(page, target, "Chat")
    open_(page, place, "Safe")
    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url(re.compile("/account/factors/codes"))
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Use a passkey").click()
    is_open(page, target, "Safe")
    for name in ("Core", "Bank", "Wiki"):
        open_(page, place, name)
        is_open(page, target, name)


def test_who_has_proved_less_is_refused_by_every_way_and_led_to_what_is_missing(
    blank: Page, place: Service, mailbox: MailSink, target: Wiki
):
    """A password opens what takes a password; the direct address and the application's own sign-in ask for the rest."""
    page = blank
    email = newcomer(place, "tom")
    by_code(page, place, mailbox, email)
    open_(page, place, "Chat")
    set_password(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    is_open(page, target, "Chat")
    open_(page, place, "Bank")
    bank = page.url
    expect(page.get_by_role("heading", level=1)).to_have_text("Bank asks for more")
    page.goto(f"{target.address}/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wiki asks for more")
    assert not any(claims["name"] == "Tom King" for claims in target.signed_in)
    page.goto(bank)
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret = page.locator("[data-secret]").inner_text()
    page.get_by_label("code").first.fill(app_code(secret, -1))
    page.get_by_role("button", name=re.compile("app", re.IGNORECASE)).click()
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(re.compile("/accounts/again/factor/"))
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("Incorrect code")
    page.get_by_label("Code").fill(app_code(secret))
    page.get_by_role("button", name="Go on").click()
    is_open(page, target, "Bank")
    open_(page, place, "Safe")
    expect(page.get_by_role("heading", level=1)).to_have_text("Safe asks for more")
    page.goto(f"{target.address}/login")
    expect(page.get_by_role("heading")).to_have_text("Hello Tom King")
    assert target.signed_in[-1]["amr"] == ["pwd", "otp", "mfa"]


def test_the_application_signs_in_whoever_comes_to_it_first(
    blank: Page, place: Service, mailbox: MailSink, target: Wiki
):
    """From its page to the sign-in here and back, although a form of ours may lead to no other site."""
    page = blank
    email = newcomer(place, "zoe")
    place.command("policy", "remove", "Wiki", "Staff")
    place.command("policy", "add", "Wiki", "Staff")
    by_code(page, place, mailbox, email)
    open_(page, place, "Chat")
    set_password(page)
    page.wait_for_url(re.compile("/accounts/again/"))
    leave(page, place)
    page.goto(f"{target.address}/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading")).to_have_text("Hello Zoe King")


def test_leaving_the_group_closes_the_tile_at_once(
    blank: Page, place: Service, mailbox: MailSink, target: Wiki
):
    """On the page, at the direct address, and at the application's sign-in."""
    page = blank
    email = newcomer(place, "ned")
    by_code(page, place, mailbox, email)
    link = page.get_by_role("link", name="Open Notes").get_attribute("href")
    place.command("group", "remove", "Staff", "ned")
    page.reload()
    expect(page.locator("main")).to_contain_text("No application is yours yet")
    clean(page)
    page.goto(f"{place.address}{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not one of your applications")
    clean(page)
    page.goto(f"{target.address}/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not one of your applications")


def test_the_portal_fits_a_telephone_in_both_themes(
    blank: Page, place: Service, mailbox: MailSink, tmp_path: Path
):
    """400 pixels wide without sideways scrolling; axe finds nothing in light and in dark."""
    page = blank
    by_code(page, place, mailbox, newcomer(place, "kim"))
    for theme in ("Light", "Dark"):
        page.set_viewport_size(NARROW)
        page.get_by_label("Your account").click()
        page.get_by_role("button", name=theme).click()
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        clean(page)
        page.screenshot(path=str(tmp_path / f"narrow-{theme}.png"), full_page=True)
