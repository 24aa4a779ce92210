"""Add application, second step: the address, the credentials, and the test of the connection."""

import re
import socket
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import create_application, update_application
from provisor.applications.credentials import open_credential
from provisor.applications.models import Application, Capability
from provisor.applications.schemas import known_schema
from provisor.audit.actor import SYSTEM
from provisor.directory.models import JournalEntry
from tests.console.adding import HTMX, connection_address, refusing, step, stranger, typed
from tests.servers import LabServer, lab

TOKEN = "a-secret-that-nobody-sees"


@pytest.fixture(scope="module")
def lab_process() -> Iterator[LabServer]:
    with lab(token=TOKEN) as server:
        yield server


@pytest.fixture
def target(lab_process: LabServer) -> LabServer:
    lab_process.reset()
    return lab_process


def _saved(base_url: str, token: str = TOKEN) -> Application:
    return create_application(
        name="Target",
        base_url=base_url,
        auth={"method": "bearer", "token": token},
        mode="observe",
        actor=SYSTEM,
    )


def _edition(application: Application) -> str:
    application.refresh_from_db()
    return str(application.version)


def test_a_test_is_the_real_probe_and_writes_nothing_anywhere(browser: Client, target: LabServer) -> None:
    answer = browser.post(connection_address(), typed(target.base_url, TOKEN), headers=HTMX)
    page = answer.content.decode()
    assert "The connection works" in page
    assert "The credential is accepted." in page
    assert "A search for somebody who does not exist comes back empty" in page
    assert "It lists its attributes: " in page
    assert page.count('data-level="good"') == 6
    assert "Users can be changed by PATCH." in page
    assert {each["method"] for each in target.requests()} == {"GET"}
    assert not Application.objects.exists()


def test_a_secret_never_comes_back_and_is_in_no_session(browser: Client, target: LabServer) -> None:
    for headers in (HTMX, {}):
        answer = browser.post(connection_address(), typed(target.base_url, TOKEN), headers=headers)
        assert TOKEN not in answer.content.decode()
    wrong = browser.post(connection_address(), typed("nonsense", TOKEN))
    assert TOKEN not in wrong.content.decode()
    assert TOKEN not in str(dict(browser.session))
    assert 'value="nonsense"' in wrong.content.decode()


def test_saving_makes_an_application_that_observes_and_knows_what_was_learnt(
    browser: Client, target: LabServer
) -> None:
    answer = browser.post(
        connection_address("Ours"), typed(f"{target.base_url}///", TOKEN, "next"), headers=HTMX
    )
    made = Application.objects.get()
    assert answer.headers["HX-Redirect"] == step(made, "mapping")
    assert (made.name, made.base_url, made.mode) == ("Ours", target.base_url, "observe")
    credential = open_credential(made.pk)
    assert credential is not None
    assert credential.values == {"token": TOKEN}
    assert Capability.objects.filter(application=made, name="patch_users", value=True).exists()
    known = known_schema(made)
    assert known is not None
    assert known.origin == "Test connection"
    assert "the attributes that Ours lists itself" in browser.get(step(made, "mapping")).content.decode()
    assert "Ours" not in str(browser.session.get("application-drafts"))


def test_the_defaults_can_be_taken_and_reviewed_at_once(browser: Client, target: LabServer) -> None:
    answer = browser.post(connection_address(), typed(target.base_url, TOKEN, "review"))
    assert answer.status_code == 302
    assert answer.headers["Location"] == step(Application.objects.get(), "review")


def test_a_connection_that_does_not_work_is_saved_only_knowingly(browser: Client, target: LabServer) -> None:
    answer = browser.post(connection_address(), typed(target.base_url, "wrong", "next"), headers=HTMX)
    page = answer.content.decode()
    assert "The connection does not work yet" in page
    assert 'data-level="bad"' in page
    assert "nobody is provisioned there" in page
    assert not Application.objects.exists()
    browser.post(connection_address(), typed(target.base_url, "wrong", "", anyway="next"), headers=HTMX)
    assert Application.objects.get().mode == "observe"


def test_credentials_may_come_later_if_one_says_so(browser: Client) -> None:
    address = "https://scim.example.com/v2"
    answer = browser.post(connection_address(), typed(address, ""), headers=HTMX)
    assert answer.status_code == 422
    assert "cannot sign in without it" in answer.content.decode()
    assert 'name="anyway"' in answer.content.decode()
    browser.post(connection_address(), typed(address, "", "", anyway="next"), headers=HTMX)
    assert not Application.objects.get().credentials.exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "required"),
        ("   ", "required"),
        ("scim.example.com", "is not of the form"),
        ("ftp://scim.example.com/v2", "is not of the form"),
        ("http://scim.example.com/v2", "Use https"),
        ("http://8.8.8.8/scim", "by https only"),
        ("https://10.0.0.1/scim", "a private network"),
        ("https://169.254.169.254/latest", "metadata service"),
        ("https://user:password@scim.example.com/v2", "holds a user name"),
        ("https://scim.example.com/v2?a=b", "holds &quot;?&quot;"),
        ("https://scim.example.com/" + "x" * 4096, "too long"),
        ("https://scim.example.com/<script>alert(1)</script>?", "&lt;script&gt;"),
        ("https://exa mple.com", "white space"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_beside_the_field(
    browser: Client, address: str, said: str
) -> None:
    answer = browser.post(connection_address(), typed(address, TOKEN, "next"), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    beside = page.partition('<div id="wrong-base_url" hx-swap-oob="true">')[2].partition("</div>")[0]
    assert said in beside
    assert "<script>" not in page
    assert 'name="anyway"' not in page
    assert not Application.objects.exists()


def test_an_address_where_nobody_answers_is_said_to_be_so(browser: Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v2"
        page = browser.post(connection_address(), typed(address, TOKEN), headers=HTMX).content.decode()
    assert 'data-level="bad"' in page
    assert "The connection does not work yet" in page


def test_a_web_page_where_scim_should_be_is_called_one(browser: Client) -> None:
    with stranger(200, "text/html", "<html><script>alert(1)</script>hello</html>") as address:
        page = browser.post(connection_address(), typed(address, TOKEN), headers=HTMX).content.decode()
    assert "The connection does not work yet" in page
    assert "HTML" in page or "web page" in page
    assert "<script>" not in page


def test_words_of_the_application_are_shown_as_text_without_the_secret(browser: Client) -> None:
    words = f"<script>alert(1)</script> you sent {TOKEN} {'long ' * 2000}"
    with stranger(401, **refusing(words)) as address:
        page = browser.post(connection_address(), typed(address, TOKEN), headers=HTMX).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert TOKEN not in page
    assert len(page) < 20_000


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("basic", {"username": "api", "password": " kept as typed "}),
        ("header", {"name": "X-API-Key", "value": "v1"}),
        (
            "oauth2_client_credentials",
            {
                "token_url": "https://id.example.com/token",
                "client_id": "c",
                "client_secret": "s",
                "scope": "scim",
            },
        ),
    ],
)
def test_every_method_is_stored_as_it_was_typed(browser: Client, method: str, values: dict[str, str]) -> None:
    fields = {f"{method}-{name}": text for name, text in values.items()}
    data = {
        **typed("https://scim.example.com", "of another method", "", anyway="next"),
        "auth_method": method,
        **fields,
    }
    browser.post(connection_address(), data)
    made = Application.objects.get()
    credential = open_credential(made.pk)
    assert credential is not None
    assert (made.auth_method, dict(credential.values)) == (method, values)


@pytest.mark.parametrize(
    ("method", "values", "field"),
    [
        ("bearer", {"token": "Bearer abc"}, "bearer-token"),
        ("header", {"name": "Content-Length", "value": "1"}, "header-name"),
        ("basic", {"username": "a:b", "password": "c"}, "basic-username"),
        (
            "oauth2_client_credentials",
            {"token_url": "https://10.0.0.1/", "client_id": "c", "client_secret": "s"},
            "oauth2_client_credentials-token_url",
        ),
    ],
)
def test_what_a_method_cannot_take_is_refused_beside_its_field(
    browser: Client, method: str, values: dict[str, str], field: str
) -> None:
    fields = {f"{method}-{name}": text for name, text in values.items()}
    data = {**typed("https://scim.example.com", do="next"), "auth_method": method, **fields}
    page = browser.post(connection_address(), data, headers=HTMX).content.decode()
    marked = re.findall(r'<div id="wrong-([\w-]+)" hx-swap-oob="true"><ul', page)
    assert marked == [field]


def test_what_was_typed_is_there_again_without_the_secret(browser: Client) -> None:
    data = typed("https://scim.example.com/x", TOKEN) | {"auth_method": "basic", "basic-username": "api"}
    browser.post(connection_address("Mine"), data, headers=HTMX)
    page = browser.get(connection_address("MINE")).content.decode()
    assert 'value="https://scim.example.com/x"' in page
    assert 'value="api"' in page
    assert 'value="basic" checked' in page
    assert TOKEN not in page


def test_no_field_hides_what_scripts_ask_the_form_for(browser: Client) -> None:
    page = browser.get(connection_address()).content.decode()
    form = page.partition('id="connection"')[2].partition("</form>")[0]
    assert not re.search(r'name="(method|action|elements|id|target|submit)"', form)


def test_two_tabs_that_save_the_same_name_make_one_application(browser: Client) -> None:
    data = typed("https://scim.example.com", TOKEN, "", anyway="next")
    browser.post(connection_address("Twice"), data)
    for headers in (HTMX, {}):
        answer = browser.post(connection_address("twice"), data, headers=headers)
        assert answer.status_code == 422
        assert "There is an application &quot;Twice&quot; already" in answer.content.decode()
        assert "Choose another name" in answer.content.decode()
    assert Application.objects.count() == 1


def test_a_stored_secret_is_called_stored_and_kept_when_left_empty(
    browser: Client, target: LabServer
) -> None:
    saved = _saved(target.base_url)
    page = browser.get(step(saved, "connection")).content.decode()
    assert TOKEN not in page
    assert page.count("Stored. It is never shown") == 1
    assert "OpenCredential" not in page
    tested = browser.post(
        step(saved, "connection"), typed(target.base_url, edition=_edition(saved)), headers=HTMX
    )
    assert "The connection works" in tested.content.decode()
    browser.post(step(saved, "connection"), typed(target.base_url, do="next", edition=_edition(saved)))
    credential = open_credential(saved.pk)
    assert credential is not None
    assert credential.values == {"token": TOKEN}
    assert not Application.objects.get().paused


def test_a_stored_secret_is_never_sent_to_another_address(browser: Client, target: LabServer) -> None:
    saved = _saved("https://scim.example.com/v2")
    answer = browser.post(
        step(saved, "connection"), typed(target.base_url, edition=_edition(saved)), headers=HTMX
    )
    assert answer.status_code == 422
    assert "type it again" in answer.content.decode()
    assert target.requests() == []


def test_another_address_with_its_secret_can_be_saved(browser: Client, target: LabServer) -> None:
    saved = _saved("https://scim.example.com/v2", "of-the-old-one")
    data = typed(target.base_url, TOKEN, "review", edition=_edition(saved))
    assert browser.post(step(saved, "connection"), data).status_code == 302
    saved.refresh_from_db()
    assert saved.base_url == target.base_url
    credential = open_credential(saved.pk)
    assert credential is not None
    assert credential.values == {"token": TOKEN}


def test_a_second_editor_is_told_who_was_faster_and_may_save_knowingly(browser: Client) -> None:
    saved = _saved("https://scim.example.com/v2")
    old = _edition(saved)
    update_application(saved.pk, {"name": "Renamed"}, actor=SYSTEM)
    data = typed("https://other.example.com", "new", "", anyway="next", edition=old)
    answer = browser.post(step(saved, "connection"), data)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Provisor changed" in page
    assert 'value="https://other.example.com"' in page
    saved.refresh_from_db()
    assert saved.base_url == "https://scim.example.com/v2"
    again = re.search(r'name="edition" value="(\d+)"', page)
    assert again is not None
    browser.post(step(saved, "connection"), data | {"edition": again[1]})
    saved.refresh_from_db()
    assert saved.base_url == "https://other.example.com"


def test_a_rename_in_the_first_step_is_saved_and_a_duplicate_refused(browser: Client) -> None:
    saved = _saved("https://scim.example.com/v2")
    create_application(name="Other", base_url="https://o.example.com", actor=SYSTEM)
    answer = browser.post(step(saved, "basics"), {"name": "OTHER", "edition": _edition(saved)})
    assert answer.status_code == 422
    assert "There is an application &quot;Other&quot; already" in answer.content.decode()
    assert 'value="OTHER"' in answer.content.decode()
    answer = browser.post(step(saved, "basics"), {"name": "TARGET", "edition": _edition(saved)})
    assert answer.headers["Location"] == step(saved, "connection")
    saved.refresh_from_db()
    assert saved.name == "TARGET"


def test_an_application_that_was_started_has_its_own_pages(browser: Client) -> None:
    saved = _saved("https://scim.example.com/v2")
    update_application(saved.pk, {"mode": "enforce"}, actor=SYSTEM)
    assert browser.get(step(saved, "mapping")).headers["Location"] == f"/apps/{saved.pk}/mapping"
    answer = browser.post(step(saved, "connection"), typed("https://other.example.com", "x", "next"))
    assert answer.status_code == 302
    saved.refresh_from_db()
    assert saved.base_url == "https://scim.example.com/v2"


def test_there_is_no_step_of_what_is_not_there(browser: Client) -> None:
    saved = _saved("https://scim.example.com/v2")
    assert browser.get(step(saved, "nonsense")).status_code == 404
    Application.objects.update(deleted_at=timezone.now())
    assert browser.get(step(saved, "review")).status_code == 404


def test_the_step_asks_few_questions(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    saved = _saved("https://scim.example.com/v2")
    with django_assert_max_num_queries(10):
        browser.get(step(saved, "connection"))
    with django_assert_max_num_queries(15):
        browser.get(connection_address("New one"))


def test_saving_is_journalled_in_the_name_of_who_did_it(browser: Client) -> None:
    browser.post(connection_address("Mine"), typed("https://scim.example.com", TOKEN, "", anyway="next"))
    entry = JournalEntry.objects.get(event="application.created")
    assert entry.actor == "owner@example.com"
    assert TOKEN not in str(entry.detail)
