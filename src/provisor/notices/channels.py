"""Channels: where notices go. Each change is one transaction with its audit entry (R18)."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from provisor.applications.addresses import read_address
from provisor.applications.refusals import ConfigurationRefusal, Problems, RefusalKind
from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory.changes import change
from provisor.mapping.problems import did_you_mean
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel
from provisor.notices.signature import new_secret
from provisor.vault import sealing
from provisor.vault.registry import KeyedColumn

_LONGEST_ADDRESS: Final = 2_000
_SEEN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook in the clear. Its values show in no representation."""

    url: str = field(repr=False)
    secret: str = field(repr=False)


def add_email(address: str, events: Iterable[str], *, actor: Actor) -> Channel:
    """Let notices of these events go to an e-mail address. Raises ConfigurationRefusal."""
    problems = Problems()
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        problems.add("/address", "This is no e-mail address.", "Write it like ada@example.com.")
    chosen = _read_events(events, problems)
    problems.refuse_if_any()
    with change():
        _refuse_second(address)
        channel = Channel(kind=Channel.Kind.EMAIL, address=address, events=chosen, created_at=timezone.now())
        channel.save(force_insert=True)
        _record("notice_channel.created", channel, actor, after=_shown(channel))
    return channel


def add_webhook(url: str, events: Iterable[str], *, actor: Actor) -> tuple[Channel, str]:
    """Let notices of these events go to a webhook; returns it with the secret that signs, which is shown only now.

    The address is judged as that of an application is, now and at each connection. Raises ConfigurationRefusal.
    """
    problems = Problems()
    place, mark, query = url.strip().partition("?")
    if len(url) > _LONGEST_ADDRESS:
        problems.add(
            "/url", "The address is too long.", f"At most {_LONGEST_ADDRESS:,} characters are taken."
        )
    read_address(place, "/url", problems)
    chosen = _read_events(events, problems)
    problems.refuse_if_any()
    secret = new_secret()
    with change():
        channel = Channel(
            kind=Channel.Kind.WEBHOOK, address=_seen(url.strip()), events=chosen, created_at=timezone.now()
        )
        plain = json.dumps({"url": place + mark + query, "secret": secret}).encode()
        channel.key_id, channel.sealed = sealing.seal(plain, bound_to=place_of(channel))
        channel.save(force_insert=True)
        _record("notice_channel.created", channel, actor, after=_shown(channel))
    return channel, secret


def choose_events(
    channel_id: UUID, events: Iterable[str], *, enabled: bool, actor: Actor, version: int | None = None
) -> Channel:
    """Change which events a channel hears of, and whether it hears of any. Raises ConfigurationRefusal."""
    problems = Problems()
    chosen = _read_events(events, problems)
    problems.refuse_if_any()
    with change():
        channel = _locked(channel_id, version)
        before = _shown(channel)
        channel.events, channel.enabled, channel.version = chosen, enabled, channel.version + 1
        after = _shown(channel)
        if before != after:
            channel.save()
            _record("notice_channel.updated", channel, actor, before=before, after=after)
    return channel


def remove_channel(channel_id: UUID, *, actor: Actor) -> None:
    """Forget a channel with its secret and what was on its way there."""
    with change():
        channel = _locked(channel_id, None)
        before = _shown(channel)
        _record("notice_channel.removed", channel, actor, before=before)
        channel.delete()


def open_hook(channel: Channel) -> Hook:
    """The webhook in the clear. VaultError says why it does not open."""
    plain = json.loads(
        sealing.unseal(channel.key_id, bytes(channel.sealed or b""), bound_to=place_of(channel))
    )
    return Hook(url=plain["url"], secret=plain["secret"])


def _locked(channel_id: UUID, version: int | None) -> Channel:
    channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
    if channel is None:
        raise ConfigurationRefusal.of(
            RefusalKind.MISSING, "There is no such channel.", "Look at the list again."
        )
    if version is not None and version != channel.version:
        raise ConfigurationRefusal.of(
            RefusalKind.CONFLICT,
            "Somebody else has changed this meanwhile.",
            "Look at it again, then decide.",
        )
    return channel


def _refuse_second(address: str) -> None:
    if Channel.objects.filter(kind=Channel.Kind.EMAIL, address=address).exists():
        raise ConfigurationRefusal.of(
            RefusalKind.DUPLICATE,
            f"{address} gets notices already.",
            "Choose its events there.",
            place="/address",
        )


def _read_events(events: Iterable[str], problems: Problems) -> list[str]:
    given: Collection[str] = set(events)
    for name in sorted(given - EVENTS.keys()):
        problems.add("/events", f'There is no event "{name}".', did_you_mean(name, EVENTS, ""))
    if not given:
        problems.add("/events", "No event is chosen, so nothing would ever be sent.", "Choose at least one.")
    return [name for name in EVENTS if name in given]


def _seen(url: str) -> str:
    """What is shown of a webhook's address: its place, and the last characters to recognise it by."""
    parts = urlsplit(url)
    rest = url[len(f"{parts.scheme}://{parts.netloc}") :]
    return f"{parts.scheme}://{parts.netloc}" + (f"/…{rest[-_SEEN:]}" if len(rest) > _SEEN * 4 else rest)


def _shown(channel: Channel) -> dict[str, object]:
    return {
        "kind": channel.kind,
        "address": channel.address,
        "events": channel.events,
        "enabled": channel.enabled,
    }


def _record(
    act: str,
    channel: Channel,
    actor: Actor,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    record(actor, act, subject_id=channel.pk, subject_label=channel.address, before=before, after=after)


def place_of(channel: Channel) -> str:
    return sealing.binding("notices_channel", channel.pk, "hook")


#: What an exchange of keys wraps anew here.
SEALED: Final = KeyedColumn(name="webhooks of notices", model=Channel, place=place_of)
