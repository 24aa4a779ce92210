"""Sign-in, the portal, errors, and a Provisor with nothing in it."""

from collections.abc import Iterator

from tests.browser.pictures.acts import ask_for, broken, enter, without_cookies
from tests.browser.pictures.picture import Picture, Where, Who
from tests.browser.pictures.stage import Stage

_EMPTY = {
    "home": "/", "needs-you": "/needs-you", "apps": "/apps", "users": "/users", "groups": "/groups",
    "policies": "/policies", "policy-add": "/policies/add", "activity": "/activity", "activity-log": "/activity/log",
    "why": "/why", "audit": "/audit", "journal": "/audit/journal", "tokens": "/settings/tokens",
    "notifications": "/settings/notifications", "attributes": "/settings/attributes", "my-apps": "/my/",
}  # fmt: skip


def of_the_door(stage: Stage) -> Iterator[Picture]:
    """What is seen by who is not yet in, or has no more to see."""
    yield from _sign_in(stage)
    yield from _portal(stage)
    yield from _errors(stage)
    for name, path in _EMPTY.items():
        yield Picture(f"empty-{name}", path, where=Where.EMPTY)


def _sign_in(stage: Stage) -> Iterator[Picture]:
    email = stage.emails[Who.AUDITOR]
    pictures = (
        Picture("sign-in", "/accounts/login/"),
        Picture("sign-in-refused", "/accounts/login/", enter(email, "not the password")),
        Picture("sign-in-factor", "/accounts/login/", enter(stage.emails[Who.GUARDED])),
        Picture("sign-in-code", "/accounts/code/"),
        Picture("sign-in-code-enter", "/accounts/code/", ask_for("Send me a code", "nobody@halden.example")),
        Picture("sign-in-link", "/accounts/link/"),
        Picture("sign-in-link-sent", "/accounts/link/", ask_for("Send me a link", "nobody@halden.example")),
        Picture("sign-in-link-over", "/accounts/link/of-yesterday/"),
        Picture("password-forgotten", "/accounts/password/reset/"),
        Picture("password-letter-sent", "/accounts/password/reset/done/"),
        Picture("password-link-over", "/accounts/password/reset/key/1-set-password/"),
        Picture("password-is-set", "/accounts/password/reset/key/done/"),
        Picture("account-inactive", "/accounts/inactive/"),
    )  # fmt: skip
    for one in pictures:
        yield Picture(one.name, one.path, one.act, who=Who.NOBODY)


def _portal(stage: Stage) -> Iterator[Picture]:
    from provisor.applications.models import Application

    opened = {one.name: f"/my/apps/{one.pk}/open" for one in Application.objects.all()}
    yield Picture("my-apps", "/my/", who=Who.MEMBER)
    yield Picture("my-apps-asks-for-more", opened["Strongroom"], who=Who.MEMBER)
    yield Picture("my-apps-not-yours", opened[stage.payroll.name], who=Who.MEMBER)
    yield Picture("my-account", "/account", who=Who.MEMBER)
    yield Picture("my-apps-of-owner", "/my/")
    yield Picture("forbidden-to-member", "/users", who=Who.MEMBER)


def _errors(stage: Stage) -> Iterator[Picture]:
    yield Picture("error-403", "/settings/administrators/add", who=Who.AUDITOR)
    yield Picture("error-403-bounded", f"/apps/{stage.library.pk}", who=Who.KEEPER)
    yield Picture("error-404", "/there-is-no-such-page")
    yield Picture("error-404-signed-out", "/there-is-no-such-page", who=Who.NOBODY)
    yield Picture("error-500", "/", broken)
    yield Picture("error-csrf", "/accounts/login/", without_cookies, who=Who.NOBODY)
    yield Picture("sign-in-again", "/accounts/again/")
