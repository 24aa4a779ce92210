"""What the routes of the matrix speak of, one of each kind, and who asks for it."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from provisor.access.accounts import disable
from provisor.access.models import Account, Role, Token
from provisor.access.permissions import ADMINISTRATIVE
from provisor.access.tokens import issue, revoke
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.console.models import Work
from provisor.directory.groups import create_group
from provisor.directory.models import CustomAttribute, Group, JournalEntry, User
from provisor.directory.users import create_user
from provisor.notices.models import Channel
from provisor.provisioning.drift_models import Finding
from provisor.provisioning.models import Attempt, Hold, Link, Run

#: Who asks, in the words of the table.
PEOPLE = ("anonymous", *Role.values, "inside", "outside")
TOKENS = ("token-inside", "token-outside", "read-only", "scim-only", "expired", "revoked", "disabled")
#: Tokens that are nobody's any more.
SPENT = ("expired", "revoked", "disabled")

#: Nothing listens there, and a connection is refused at once.
NOWHERE = "https://127.0.0.1:9/scim/v2"


@dataclass
class Caller:
    """Somebody who asks. A page knows people by their session, an API by their token."""

    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    token: str = ""
    browser: Client = field(
        default_factory=lambda: Client(SERVER_NAME="localhost", raise_request_exception=False)
    )

    def ask(
        self,
        method: str,
        address: str,
        *,
        pages: bool,
        swapped: bool = False,
        body: dict[str, Any] | None = None,
        keep: bool = False,
        **headers: str,
    ) -> Any:
        """Send the request, and undo what it did, unless it is to be kept.

        `swapped` sends the credential that belongs to the other kind of route.
        """
        by_session = pages != swapped
        kept = {name: one.value for name, one in self.cookies.items()} if by_session else {}
        self.browser.cookies = SimpleCookie(kept)
        if self.token and not by_session:
            headers["Authorization"] = f"Bearer {self.token}"
        sent = {} if method == "GET" else _written(body or {}, pages=pages)
        with transaction.atomic():
            answer = self.browser.generic(method, f"http://localhost{address}", headers=headers, **sent)
            transaction.set_rollback(not keep)
        return answer


def _written(body: dict[str, Any], *, pages: bool) -> dict[str, Any]:
    if pages:
        return {"data": urlencode(body, doseq=True), "content_type": "application/x-www-form-urlencoded"}
    return {"data": orjson.dumps(body), "content_type": "application/json"}


def everybody(inside: Application) -> dict[str, Caller]:
    """One caller for each name of the table. Who is bound looks after `inside` only."""
    known = {role.value: _signed_in(role.value, role) for role in Role}
    bound = _signed_in("bound", Role.APPLICATION_ADMINISTRATOR, applications=[str(inside.id)])
    return {"anonymous": Caller(), **known, "inside": bound, "outside": bound, **_tokens(inside)}


def _signed_in(name: str, role: Role, **fields: Any) -> Caller:
    account = Account.objects.create(
        email=f"{name}@example.com", role=role, created_at=timezone.now(), **fields
    )
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(account)
    # A member has no token: an interface sees them as nobody.
    token = issue(account, "matrix", role, SYSTEM)[1] if role in ADMINISTRATIVE else ""
    return Caller(browser.cookies, token)


def _tokens(inside: Application) -> dict[str, Caller]:
    owner, administrator = (
        Account.objects.get(email=f"{role}@example.com")
        for role in (Role.OWNER, Role.APPLICATION_ADMINISTRATOR)
    )
    bound = issue(administrator, "bound", administrator.role, SYSTEM, applications=[inside.id])[1]
    uses = {use: issue(owner, use, owner.role, SYSTEM, use=use)[1] for use in ("read-only", "scim-only")}
    plain = {"token-inside": bound, "token-outside": bound, **uses, **_spent(owner)}
    return {name: Caller(token=token) for name, token in plain.items()}


def _spent(owner: Account) -> dict[str, str]:
    expired, revoked = (issue(owner, name, owner.role, SYSTEM) for name in ("expired", "revoked"))
    Token.objects.filter(pk=expired[0].pk).update(expires_at=timezone.now())
    revoke(revoked[0].pk, SYSTEM)
    gone = Account.objects.create(email="gone@example.com", role=Role.OWNER, created_at=timezone.now())
    disabled = issue(gone, "disabled", gone.role, SYSTEM)[1]
    disable(gone.pk, SYSTEM)
    return {"expired": expired[1], "revoked": revoked[1], "disabled": disabled}


def application(name: str) -> Application:
    return create_application(actor=SYSTEM, name=name, base_url=NOWHERE)


def values(of: Application) -> dict[str, Any]:
    """A value for each parameter of a path: something that exists, of this application where it is of one."""
    user = create_user({"userName": f"ada{User.objects.count()}"}, actor=SYSTEM)
    group, child = (
        create_group(f"{which} {Group.objects.count()}", actor=SYSTEM) for which in ("outer", "inner")
    )
    owner = Account.objects.get(email="owner@example.com")
    return {
        **_of_application(
            of, user.id, create_policy(actor=SYSTEM, name=f"{of.name} policy", application=of, group=group).id
        ),
        **_of_the_house(owner),
        "user_id": user.id,
        "pk": 1,
        "provider_id": "x",
        "token": "prvlink_x",
        "session_id": owner.sessions.get().public_id,
        "id": user.id,
        "group_id": group.id,
        "child_id": child.id,
        "slot": "primary",
        "name": "User",
        "urn": "urn:ietf:params:scim:schemas:core:2.0:User",
        "step": "mapping",
        "act": "retry",
    }


def _of_application(of: Application, user: UUID, policy: UUID) -> dict[str, Any]:
    link = Link.objects.create(
        application=of, kind="user", local_id=user, state="failed", reason="refused", remote_id="r1"
    )
    attempt = Attempt.objects.create(
        application=of,
        link_id=link.id,
        local_id=user,
        at=1,
        act="create",
        method="POST",
        path="/Users",
        milliseconds=1.0,
    )
    hold = Hold.objects.create(
        application=of, link_id=link.id, user_id=user, act="deactivate", effect="x", held_at=1
    )
    finding = Finding.objects.create(
        application=of, kind="user", what="unknown", remote_id="r2", name="Stranger", found_at=1, seen_at=1
    )
    run = Run.objects.create(application=of)
    return {
        "application_id": of.id,
        "policy_id": policy,
        "link_id": link.id,
        "attempt_id": attempt.id,
        "hold_id": hold.id,
        "finding_id": finding.id,
        "run_id": run.id,
    }


def _of_the_house(owner: Account) -> dict[str, Any]:
    now = timezone.now()
    work = Work.objects.create(
        kind="audit-verify", title="Verify", account=owner, process="gone", started_at=now
    )
    channel = Channel.objects.create(kind="email", address="ops@example.com", created_at=now)
    attribute, _ = CustomAttribute.objects.get_or_create(
        schema="urn:example:custom", name="badge", defaults={"resource_type": "User", "type": "string"}
    )
    return {
        "work_id": work.id,
        "channel_id": channel.id,
        "attribute_id": attribute.id,
        "account_id": Account.objects.get(email="auditor@example.com").id,
        "token_id": owner.tokens.get(name="matrix").id,
        "entry_id": min(AuditEntry.objects.latest("id").id, JournalEntry.objects.latest("id").id),
    }


def refused(answer: Any) -> bool:
    """Whether the caller was turned away: told so, or sent to the sign-in and from there back."""
    to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(
        f"{reverse(settings.LOGIN_URL)}?next="
    )
    return answer.status_code in {401, 403} or to_sign_in
