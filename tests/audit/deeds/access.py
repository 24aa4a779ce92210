"""Acts on accounts, their factors, sessions and tokens, and on how people sign in."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.utils import timezone

from provisor.access import (
    accounts,
    ending,
    factors,
    links,
    lockout,
    openings,
    portal_accounts,
    provider,
    refused_openings,
    rules,
    sessions_listed,
    sign_in,
    signing_keys,
    tokens,
)
from provisor.access.demands import Demand
from provisor.access.methods import Method, Proved
from provisor.access.models import Account, Role, SigningKey, SignInProvider
from provisor.access.step_up import Step
from tests.audit.deeds.applications import application
from tests.audit.deeds.directory import user
from tests.audit.deeds.table import OWNER, PASSWORD, Act, account, act

ORIGIN = "http://localhost"


def _in_session(email: str = "ada@example.com") -> Account:
    made = account(email)
    Client(SERVER_NAME="localhost").force_login(made)
    return made


@act("access.accounts.create_account")
def _create(_: pytest.MonkeyPatch) -> Act:
    return account


@act("access.accounts.change_role")
def _change_role(_: pytest.MonkeyPatch) -> Act:
    made = account()
    return lambda: accounts.change_role(made.pk, Role.OWNER, OWNER)


@act("access.accounts.disable")
def _disable(_: pytest.MonkeyPatch) -> Act:
    made = _in_session()
    return lambda: accounts.disable(made.pk, OWNER)


@act("access.accounts.enable")
def _enable(_: pytest.MonkeyPatch) -> Act:
    made = account()
    accounts.disable(made.pk, OWNER)
    return lambda: accounts.enable(made.pk, OWNER)


@act("access.accounts.lock")
def _lock(_: pytest.MonkeyPatch) -> Act:
    made = _in_session()
    return lambda: accounts.lock(made.pk, OWNER)


@act("access.accounts.unlock")
def _unlock(_: pytest.MonkeyPatch) -> Act:
    made = account()
    lockout.begin(made.email, lockout.Source(name="192.0.2.1", known=False))
    accounts.lock(made.pk, OWNER)
    return lambda: accounts.unlock(made.pk, OWNER)


def _with_factor() -> Account:
    made = account()
    with factors.acting_as(OWNER):
        Authenticator.objects.create(user=made, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    return made


@act("access.accounts.reset")
def _reset(_: pytest.MonkeyPatch) -> Act:
    made = _with_factor()
    return lambda: accounts.reset(made.pk, OWNER)


@act("access.accounts.set_password")
def _set_password(_: pytest.MonkeyPatch) -> Act:
    made = _in_session()
    return lambda: accounts.set_password(made.pk, "another long phrase", OWNER)


@act("access.ending.end_of_people")
def _end_of_people(_: pytest.MonkeyPatch) -> Act:
    made = portal_accounts.invite(user().id, OWNER, origin=ORIGIN).account
    return lambda: _as_a_page_does(lambda: ending.end_of_people([made.directory_user_id]))


@act("access.factors.note_addition")
def _add_factor(_: pytest.MonkeyPatch) -> Act:
    made, kind = account(), Authenticator.Type.TOTP
    return lambda: Authenticator.objects.create(user=made, type=kind, data={"secret": "sealed"})


@act("access.factors.note_removal")
def _remove_factor(_: pytest.MonkeyPatch) -> Act:
    factor = Authenticator.objects.get(user=_with_factor())
    return lambda: _as_a_page_does(factor.delete)


def _as_a_page_does(act: Act) -> None:
    """The transaction is the caller's: `console/account/factors.py` has one around each page."""
    with transaction.atomic():
        act()


@act("access.factors.note_renaming")
def _rename_factor(_: pytest.MonkeyPatch) -> Act:
    made, kind = account(), Authenticator.Type.WEBAUTHN
    factor = Authenticator.objects.create(user=made, type=kind, data={"name": "Key"})
    factor.data["name"] = "Yellow key"
    return lambda: _as_a_page_does(factor.save)


@act("access.factors.remove_all")
def _remove_all(_: pytest.MonkeyPatch) -> Act:
    made = _with_factor()
    return lambda: _as_a_page_does(lambda: factors.remove_all(made, OWNER))


@act("access.links.make")
def _make_link(_: pytest.MonkeyPatch) -> Act:
    made = account()
    return lambda: links.make(made, "a browser")


@act("access.openings.record_opening")
def _open(_: pytest.MonkeyPatch) -> Act:
    made = portal_accounts.invite(user().id, OWNER, origin=ORIGIN).account
    stands = _stands()
    return lambda: openings.record_opening(made, stands, through="portal")


def _stands(*missing: Step) -> openings.Standing:
    by_password = Proved({Method.PASSWORD: datetime.now(UTC)})
    demand = Demand(
        application_id=uuid.uuid4(), application_name="Slack", launch_url="", policy_id=uuid.uuid4(),
        policy_name="For sales", login_method="password", second_factor="none",
    )  # fmt: skip
    return openings.Standing(demand, by_password, missing)


@act("access.refused_openings.record_out_of_scope")
def _refuse_out_of_scope(_: pytest.MonkeyPatch) -> Act:
    made, of = account(), application().pk
    return lambda: refused_openings.record_out_of_scope(made, of, through="portal")


@act("access.refused_openings.record_too_weak")
def _refuse_too_weak(_: pytest.MonkeyPatch) -> Act:
    made, stands = account(), _stands(Step(Method.PASSKEY, enrol=True))
    return lambda: refused_openings.record_too_weak(made, stands, through="portal")


@act("access.portal_accounts.arrive")
def _arrive(_: pytest.MonkeyPatch) -> Act:
    user()
    return lambda: portal_accounts.arrive("ada@example.com")


@act("access.portal_accounts.invite")
def _invite(_: pytest.MonkeyPatch) -> Act:
    made = user()
    return lambda: portal_accounts.invite(made.id, OWNER, origin=ORIGIN)


@act("access.portal_accounts.invite_all")
def _invite_all(_: pytest.MonkeyPatch) -> Act:
    people = [user("ada").id, user("bo").id]
    return lambda: portal_accounts.invite_all(people, OWNER, origin=ORIGIN, report=lambda *_: None)


def _provider() -> SignInProvider:
    return provider.configure(
        name="Example", issuer="https://id.example.com", client_id="provisor", secret="s", enabled=True, actor=OWNER
    )  # fmt: skip


@act("access.provider.configure")
def _configure(_: pytest.MonkeyPatch) -> Act:
    return _provider


@act("access.provider.link")
def _link(_: pytest.MonkeyPatch) -> Act:
    made, known = account(), _provider()
    return lambda: provider.link(made, known, "subject")


@act("access.provider.unlink")
def _unlink(_: pytest.MonkeyPatch) -> Act:
    made = account()
    provider.link(made, _provider(), "subject")
    return lambda: provider.unlink(made)


@act("access.rules.require_second_factor")
def _require(_: pytest.MonkeyPatch) -> Act:
    return lambda: rules.require_second_factor(True, OWNER)


@act("access.sessions_listed.end_session")
def _end_session(_: pytest.MonkeyPatch) -> Act:
    made = _in_session()
    session = made.sessions.get().public_id
    return lambda: sessions_listed.end_session(made, session, OWNER)


@act("access.sessions_listed.end_sessions")
def _end_sessions(_: pytest.MonkeyPatch) -> Act:
    made = _in_session()
    return lambda: sessions_listed.end_sessions(made, OWNER)


@act("access.sign_in.Adapter.login")
def _sign_in(_: pytest.MonkeyPatch) -> Act:
    made, browser = account(), Client(SERVER_NAME="localhost")
    return lambda: browser.post("/accounts/login/", {"login": made.email, "password": PASSWORD})


@act("access.sign_in.Adapter.set_password")
def _change_own_password(_: pytest.MonkeyPatch) -> Act:
    made = account()
    return lambda: sign_in.Adapter().set_password(made, "another long phrase")


def _refused() -> Act:
    made = account()
    tried = lockout.Try(keys=("key",), last_free=True)
    return lambda: sign_in.note_refused(made, tried)


@act("access.sign_in.note_refused")
def _note_refused(_: pytest.MonkeyPatch) -> Act:
    return _refused()


@act("access.signing_keys.published")
def _first_key(_: pytest.MonkeyPatch) -> Act:
    return signing_keys.published


@act("access.signing_keys.renew_if_old")
def _renew_key(_: pytest.MonkeyPatch) -> Act:
    signing_keys.published()
    SigningKey.objects.update(signs_from=timezone.now() - timedelta(days=400))
    return signing_keys.renew_if_old


@act("access.signing_keys.rotate")
def _rotate(_: pytest.MonkeyPatch) -> Act:
    return lambda: signing_keys.rotate(OWNER)


@act("access.tokens.issue")
def _issue(_: pytest.MonkeyPatch) -> Act:
    made = account()
    return lambda: tokens.issue(made, "a token", Role.AUDITOR, OWNER)


@act("access.tokens.revoke")
def _revoke(_: pytest.MonkeyPatch) -> Act:
    token, _plain = tokens.issue(account(), "a token", Role.AUDITOR, OWNER)
    return lambda: tokens.revoke(token.pk, OWNER)
