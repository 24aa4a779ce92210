"""Anchors: the end of the chain, noted outside the database, so that cutting off and re-writing its end shows (R18).

An anchor is one line of JSON: when, how many entries there were, and the digest of the last one. Places are files,
which are appended to and never read back by who writes the database, and webhooks, which get it as a POST.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from provisor.audit.chain import GENESIS
from provisor.audit.models import AuditHead
from provisor.scim.addresses import PrivateTargets
from provisor.scim.errors import ScimFailure
from provisor.scim.limits import TransportLimits
from provisor.scim.transport import Request, Transport

_LIMITS: Final = TransportLimits(body=64 * 1024, connect=5, read=10, total=15)
_SUCCESS: Final = range(200, 300)
_DIGEST_LENGTH: Final = 64


class AnchorsUnreadableError(Exception):
    """A file of anchors holds something else, or is gone. The sentence says where."""


class NotAnchoredError(Exception):
    """The anchor did not arrive in its place. The sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The end of the chain at one time: so many entries, and the digest of the last of them."""

    at: datetime
    entries: int
    digest: str

    def line(self) -> bytes:
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"at": at, "entries": self.entries, "digest": self.digest}).encode() + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where anchors go: an absolute path, or the address of a webhook."""

    text: str

    @property
    def is_file(self) -> bool:
        return not self.text.startswith(("https://", "http://"))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def label(self) -> str:
        """What people see: of a webhook only where it is, since the rest may be a secret."""
        return self.text if self.is_file else "{0.scheme}://{0.netloc}".format(urlsplit(self.text))


def take(at: datetime) -> Anchor:
    """The end of the chain now."""
    head = AuditHead.objects.filter(id=1).first()
    return Anchor(at=at, entries=head.entries if head else 0, digest=head.digest if head else GENESIS)


async def put(anchor: Anchor, place: Place, private_targets: PrivateTargets) -> None:
    """Bring the anchor to its place. Raises NotAnchoredError."""
    if place.is_file:
        append(anchor, Path(place.text))
    else:
        await _post(anchor, place.text, private_targets)


def append(anchor: Anchor, path: Path) -> None:
    """Append one line and wait until it is on the disk. Raises NotAnchoredError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, anchor.line())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise NotAnchoredError(
            f'The file "{path}" cannot be appended to ({error.strerror}). Let Provisor write there, or name '
            "another file in PROVISOR_AUDIT_ANCHORS."
        ) from None


async def _post(anchor: Anchor, url: str, private_targets: PrivateTargets) -> None:
    place, _, query = url.partition("?")
    request = Request(
        method="POST",
        url_path="/" if place.endswith("/") else "",
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers={"Content-Type": "application/json"},
        body=anchor.line(),
    )
    try:
        door = Transport(place, private_targets=private_targets, connections=1, limits=_LIMITS)
        try:
            answer = await door.send(request)
        finally:
            await door.close()
    except ScimFailure as failure:
        raise NotAnchoredError(failure.sentence) from None
    if answer.status not in _SUCCESS:
        raise NotAnchoredError(f"The webhook answered {answer.status} instead of 2xx.")


def read_file(path: Path) -> list[Anchor]:
    """The anchors of a file, in its order. Raises AnchorsUnreadableError: a line that is none may be a forgery."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise AnchorsUnreadableError(
            f'The file of anchors "{path}" cannot be read ({error.strerror}). Without it nobody can tell whether '
            "the end of the record was cut off: look for it, or for a copy."
        ) from None
    return [
        _read_line(line, f'Line {number} of "{path}"') for number, line in enumerate(lines, 1) if line.strip()
    ]


def _read_line(line: bytes, where: str) -> Anchor:
    try:
        held = json.loads(line)
        at, entries, digest = datetime.fromisoformat(held["at"]), held["entries"], held["digest"]
        if type(entries) is int and isinstance(digest, str) and len(digest) == _DIGEST_LENGTH:
            return Anchor(at=at, entries=entries, digest=digest)
    except (ValueError, KeyError, TypeError):
        pass
    raise AnchorsUnreadableError(
        f"{where} is no anchor. Compare the file with a copy; if a crash left half a line, remove that line."
    )


def read_places(places: Iterable[Place], written: Iterable[str]) -> list[Anchor]:
    """The anchors of all places that are files. `written` are digests of places that anchors have arrived in.

    A file that is not there yet holds none; one that was there is missed: AnchorsUnreadableError.
    """
    known, found = set(written), list[Anchor]()
    for place in places:
        if place.is_file and (place.digest in known or Path(place.text).exists()):
            found += read_file(Path(place.text))
    return found
