"""What a person has released: it counts for the effect that was shown, for 24 hours (R10; engine.md, section 8)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from provisor.planning.allowance import WINDOW
from provisor.provisioning.brake import brake_sql as sql
from provisor.provisioning.keys import Key

HELD_AGAIN = (
    "Held again: {who} released it at {at}, and it could not be carried out within 24 hours. Look at it again, then "
    "release or reject it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a release would let happen: a release counts for exactly this."""

    link: int
    #: For a membership: who leaves the group.
    user: Key | None = None
    act: str
    cause: str = ""
    #: The journal entry of the change behind it; no part of the effect.
    entry: int | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.link}|{self.user or ''}|{self.act}|{self.cause}".encode()).hexdigest()


def effect_of_all(shown: Iterable[tuple[object, str]]) -> str:
    """Return one digest over many holds, given as id and effect: whoever releases them has seen exactly these."""
    digest = hashlib.sha256()
    for identifier, effect in sorted((str(each), effect) for each, effect in shown):
        digest.update(f"{identifier}:{effect}|".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Release:
    id: Any
    act: str
    cause: str
    at: int
    by: str


class Releases:
    """The releases of one application that were not carried out yet."""

    def __init__(self, cursor: Any, application: Key, now: int) -> None:
        self._cursor, self._now = cursor, now
        cursor.execute(sql.RELEASES, [application])
        self._found = {(row[1], row[2]): _Release(row[0], *row[3:7]) for row in cursor.fetchall()}
        self._over: list[tuple[str, Any]] = []

    def allows(self, effect: Effect) -> bool:
        """Whether a person has released exactly this, within 24 hours."""
        release = self._found.get((effect.link, effect.user))
        if release is None or self._is_late(release):
            return False
        if (release.act, release.cause) == (effect.act, effect.cause):
            return True
        # what would happen is another effect by now: nobody has seen that
        self._over.append(("cancelled", release.id))
        return False

    def late(self, effect: Effect) -> str:
        """Say why it is held again: its release is too old to count. Empty where there is none, or it counts."""
        release = self._found.get((effect.link, effect.user))
        if release is None or not self._is_late(release):
            return ""
        self._over.append(("lapsed", release.id))
        return HELD_AGAIN.format(who=release.by or "somebody", at=moment(release.at))

    def _is_late(self, release: _Release) -> bool:
        return release.at <= self._now - WINDOW

    def close(self) -> None:
        """Write down which releases do not count any more."""
        self._cursor.executemany(sql.END_RELEASE, self._over)


def moment(at: int) -> str:
    """A time of the engine, in words."""
    return datetime.fromtimestamp(at / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def marks(values: Sequence[object]) -> str:
    """Placeholders for so many values."""
    return ", ".join(["%s"] * len(values))
