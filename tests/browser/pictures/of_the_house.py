"""Home, what has happened, settings, and one's own account."""

from collections.abc import Iterator

from tests.browser.pictures.acts import first_row, keys, press, search
from tests.browser.pictures.picture import Picture, Who

_SETTINGS = ("administrators", "tokens", "notifications", "attributes", "sign-in-provider", "about")
_BOUNDED = (Who.KEEPER, Who.HELP_DESK, Who.APPROVER, Who.AUDITOR)


def of_the_house() -> Iterator[Picture]:
    """Everything that belongs to no application and to nobody."""
    yield from _home()
    yield from _records()
    yield from _settings()
    yield from _account()


def _home() -> Iterator[Picture]:
    yield Picture("home", "/")
    yield Picture("needs-you", "/needs-you")
    yield Picture("palette", "/", search("eng", "Engineering"))
    yield Picture("palette-none", "/", search("zzzz", "Nothing"))
    yield Picture("keys", "/", keys)
    yield Picture("samples", "/samples")
    for who in _BOUNDED:
        yield Picture(f"home-{who}", "/", who=who)
        yield Picture(f"needs-you-{who}", "/needs-you", who=who)


def _records() -> Iterator[Picture]:
    from provisor.provisioning.models import Run

    yield Picture("activity", "/activity")
    yield Picture("activity-log", "/activity/log")
    yield Picture("activity-attempt", "/activity/log", first_row)
    yield Picture("run", f"/activity/runs/{Run.objects.order_by('-requested_at')[0].pk}")
    yield Picture("audit", "/audit")
    yield Picture("audit-entry", "/audit", first_row)
    yield Picture("audit-none-found", "/audit?actor=nobody")
    yield Picture("journal", "/audit/journal")
    yield Picture("journal-entry", "/audit/journal", first_row)
    yield Picture("audit-verify", "/audit/verify")


def _settings() -> Iterator[Picture]:
    yield Picture("settings", "/settings")
    for page in _SETTINGS:
        yield Picture(f"settings-{page}", f"/settings/{page}")
    for page in (
        "administrators/add",
        "tokens/create",
        "notifications/add-email",
        "notifications/add-webhook",
        "attributes/add",
    ):
        yield Picture(f"settings-{page.replace('/', '-')}", f"/settings/{page}")
    administrators = "/settings/administrators"
    yield Picture("administrator-role", administrators, press("Role|role"))
    yield Picture("administrator-access", administrators, press("Sign-in"))
    yield Picture("administrator-password", administrators, press("Password|password"))
    yield Picture("administrator-disabling", administrators, press("Disable"))
    yield Picture("token-revoking", "/settings/tokens", press("Revoke"))
    yield Picture("channel-changing", "/settings/notifications", press("Change", then="main form"))
    yield Picture("channel-removing", "/settings/notifications", press("Remove|Send nothing"))
    yield Picture("attribute-describing", "/settings/attributes", press("Describe"))
    yield Picture("attribute-removing", "/settings/attributes", press("Remove"))


def _account() -> Iterator[Picture]:
    yield Picture("account", "/account")
    yield Picture("account-passkey", "/account/factors/passkeys/add")
    yield Picture("account-app", "/account/factors/app/add")
    yield Picture("account-password", "/accounts/password/change/")
    yield Picture("sign-out", "/accounts/logout/")
