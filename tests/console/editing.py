"""What the tests of the editors share: applications made by the services, and forms as a browser sends them."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from provisor.access.accounts import create_account
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import User
from provisor.directory.users import create_user
from provisor.mapping.render import compile_mapping
from provisor.mapping.rule import read_rules
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Kind, Link

PHRASE = "a long enough phrase"


def made(name: str = "Zoom", **fields: Any) -> Application:
    """An application with every default, as the service makes it."""
    return create_application(
        name=name, base_url=fields.pop("base_url", "https://zoom.example/scim"), actor=SYSTEM, **fields
    )


def person(name: str = "ada", **attributes: Any) -> User:
    resource = {
        "userName": name,
        "name": {"givenName": name.title(), "familyName": "King"},
        "displayName": f"{name.title()} King",
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
        "active": True,
    }
    return create_user({**resource, **attributes}, actor=SYSTEM)


def account_of(
    application: Application, user: User, sent: dict[str, Any] | None = None, **fields: Any
) -> Link:
    """An account there that Provisor made and that is in step."""
    values = {
        "state": "in_sync",
        "remote_id": f"r-{user.user_name}",
        "origin": "created",
        "sent": sent or {},
        **fields,
    }
    return Link.objects.create(application=application, kind=Kind.USER, local_id=user.id, **values)


def page(browser: Client, name: str, application: Application, **query: str) -> str:
    answer = browser.get(reverse(name, args=[application.id]), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def signed_in(role: str) -> Client:
    account = create_account(f"{role}@example.com", PHRASE, role, SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    return client


def form_of(html: str, holding: str) -> dict[str, Any]:
    """The values that a browser would send of the form that holds a field of this name and is not disabled."""
    reader = _Forms()
    reader.feed(html)
    return next(dict(form) for form in reader.forms if holding in form)


def with_accounts(count: int) -> Application:
    """Accounts in step with the generic mapping, brought by a policy."""
    application = made(features={"groups": {"create": False, "membership": True}})
    people = [person(f"p{index}") for index in range(count)]
    group = create_group("Sales", actor=SYSTEM)
    add_members(group.id, [one.id for one in people], actor=SYSTEM)
    create_policy(
        name="Zoom for Sales", application=application.id, group=group.id, push_group=False, actor=SYSTEM
    )
    fold(now())
    rules = compile_mapping(read_rules(application.mappings["users"], "user"), "user")
    for one in people:
        sent = rules.render({**one.resource, "id": str(one.id), "active": True}, {}).values
        links = Link.objects.filter(application=application, local_id=one.id)
        links.update(state="in_sync", remote_id=f"r-{one.user_name}", origin="created", sent=sent)
    return application


class _Forms(HTMLParser):
    """Collects the successful controls of every form (HTML, form submission), except buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._text: str | None = None
        self._select: str | None = None
        self._template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "template":
            self._template += 1
        if tag == "form":
            self.forms.append({})
        if not self.forms or self._template:
            return
        name = "" if "disabled" in found else found.get("name") or ""
        if tag == "input" and name and (found.get("type") != "checkbox" or "checked" in found):
            self._put(name, found.get("value") or ("on" if found.get("type") == "checkbox" else ""))
        elif tag == "textarea":
            self._text = name
            self._put(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in found or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = found.get("value") or ""

    def _put(self, name: str, value: str) -> None:
        form = self.forms[-1]
        if name in form:
            form[name] = [*(form[name] if isinstance(form[name], list) else [form[name]]), value]
        else:
            form[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._template -= 1
        if tag == "textarea":
            self._text = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._text and self.forms and not self._template:
            self.forms[-1][self._text] += data.removeprefix("\n") if not self.forms[-1][self._text] else data
