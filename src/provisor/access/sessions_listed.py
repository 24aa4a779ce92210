"""Sessions as their account, or whoever manages access, sees and ends them."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.models import Account, Session
from provisor.access.refusal import AccessRefusal, Kind
from provisor.access.session_store import stored_key
from provisor.audit.actor import Actor
from provisor.audit.record import record


def sessions_of(account: Account) -> list[Session]:
    """The sessions that go on, the one used last first."""
    return list(account.sessions.filter(expire_date__gt=timezone.now()).order_by("-seen_at", "public_id"))


def is_current(session: Session, key: str | None) -> bool:
    """Whether it is the session with this clear key."""
    return bool(key) and session.session_key == stored_key(str(key))


def end_session(account: Account, public_id: UUID, actor: Actor) -> None:
    """End one session from its next request on."""
    with in_turn():
        session = account.sessions.filter(public_id=public_id).first()
        if session is None:
            reason = "This session is over already."
            raise AccessRefusal("session", reason, Kind.MISSING)
        session.delete()
        _audit(account, [session], actor)


def end_sessions(account: Account, actor: Actor, *, keep: str | None = None) -> int:
    """End all sessions but the one with the clear key `keep`. How many ended."""
    with in_turn():
        ending = [one for one in sessions_of(account) if not is_current(one, keep)]
        account.sessions.filter(pk__in=[one.pk for one in ending]).delete()
        if ending:
            _audit(account, ending, actor)
    return len(ending)


def _audit(account: Account, ended: Iterable[Session], actor: Actor) -> None:
    said = [{"address": one.address, "browser": one.browser, "methods": one.methods} for one in ended]
    record(
        actor,
        "account.sessions_ended",
        subject_id=account.pk,
        subject_label=account.email,
        before={"sessions": said},
    )
