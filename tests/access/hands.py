"""What a person does at the sign-in, by a client that checks CSRF."""

import html
import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from provisor.access.models import Account
from tests.access.conftest import PASSWORD

LOGIN = "/accounts/login/"
HOME = "/account"


def new_browser() -> Client:
    return Client(SERVER_NAME="localhost", enforce_csrf_checks=True)


def post(browser: Client, address: str, **fields: str) -> Any:
    """Open the page, fill its form in, and send it."""
    browser.get(address)
    return send(browser, address, **fields)


def send(browser: Client, address: str, **fields: str) -> Any:
    """Send the form of a page that is open."""
    fields["csrfmiddlewaretoken"] = browser.cookies["provisor-csrf"].value
    return browser.post(address, fields, headers={"Referer": f"http://localhost{address}"})


def enter_password(browser: Client, email: str = "owner@example.com", password: str = PASSWORD) -> Any:
    return post(browser, LOGIN, login=email, password=password)


def signed_in(browser: Client) -> bool:
    return browser.get(HOME).status_code == 200


def errors(answer: Any) -> list[str]:
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', answer.content.decode())
    return [html.unescape(text) for one in lists for text in re.findall(r"<li>(.*?)</li>", one)]


def app_code(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows for the secret now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def add_app(browser: Client) -> str:
    """Set an authenticator app up in a session that has just signed in; its secret."""
    page = browser.get("/account/factors/app/add").content.decode()
    (secret,) = re.findall(r"data-secret>([A-Z2-7]+)<", page)
    # The step before, so that the present code is still unused at the next sign-in.
    answer = send(browser, "/account/factors/app/add", code=app_code(secret, -1))
    assert answer.headers["Location"] == "/account/factors/codes"
    return secret


def recovery_codes(browser: Client) -> list[str]:
    """The codes, from the one page that shows them."""
    page = browser.get("/account/factors/codes").content.decode()
    return re.findall(r"(?:^|>)(\d{8})$", page, re.MULTILINE)


def factors_of(account: Account) -> list[str]:
    return sorted(Authenticator.objects.filter(user=account).values_list("type", flat=True))
