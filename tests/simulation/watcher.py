"""Watches every request that leaves and every act that takes effect, and says when a rule is broken."""

from collections import deque
from email.utils import parsedate_to_datetime
from typing import Any

from provisor.planning.allowance import allowance
from provisor.provisioning.models import Hold, Link
from provisor.scim.transport import Request, Response
from tests.simulation.company import Installed
from tests.simulation.world import EPOCH, World

DAY = 24 * 3_600.0
_UNAUTHORIZED, _REDIRECTS, _BUSY = 401, 300, (429, 503)
#: Seconds by which a timer may be early.
_EARLY = 0.01
#: Seconds in which a pause must be seen (R11).
PAUSE = 1.0


class Violation(Exception):  # noqa: N818 - what it is
    """A rule was broken; the text begins with its number."""


class Watcher:
    """The eyes on one application."""

    def __init__(self, world: World, installed: Installed) -> None:
        self._world, self._installed = world, installed
        self._target = installed.network.target
        self.strangers = {
            record.id: record.raw
            for record in self._target.store.users.records.values()
            if record.resource["userName"].startswith("stranger")
        }
        self.requests = self.writes = 0
        #: When the last request left (seconds).
        self.last = 0.0
        self.paused_at: float | None = None
        self.refused_at: float | None = None
        #: Until when the application has asked to be left alone (seconds), and after how many upheavals.
        self._asked = (0.0, 0)
        self._live: set[str] = set()
        self._most_live = 0
        self._released: set[str | None] = set()
        self._departures: deque[tuple[float, str]] = deque()
        installed.network.departed = self._departed
        installed.network.handled = self._handled
        installed.network.heard = self._heard

    # --- what leaves ------------------------------------------------------------------------------------------------

    def _departed(self, request: Request) -> None:
        self.requests += 1
        self.last = self._world.time
        if request.method != "GET":
            self.writes += 1
        if self.paused_at is not None and self._world.time > self.paused_at + PAUSE:
            self._broken(
                f"R11: {request.method} {request.url_path} left {self._world.time - self.paused_at:.2f} s after the pause"
            )
        if (
            request.method != "GET"
            and self.refused_at is not None
            and self._world.time > self.refused_at + 0.05
        ):
            self._broken(f"R13: {request.method} {request.url_path} left after a 401")
        until, upheavals = self._asked
        if self._world.time < until - _EARLY and upheavals == self._world.upheavals:
            self._broken(
                f"R12: {request.method} {request.url_path} left {until - self._world.time:.2f} s before Retry-After"
            )

    def _heard(self, response: Response) -> None:
        """An answer has arrived that may ask for a rest; a date in it is read by a clock that may be wrong."""
        wait = response.headers.get("retry-after")
        if response.status not in _BUSY or wait is None:
            return
        if wait.isdecimal():
            until = self._world.time + int(wait)
        elif self._world.skew:
            return
        else:
            until = parsedate_to_datetime(wait).timestamp() - EPOCH
        self._asked = (max(self._asked[0], until), self._world.upheavals)

    # --- what takes effect ------------------------------------------------------------------------------------------

    def _handled(self, request: Request, status: int) -> None:
        self._notice_refusal(status)
        if request.method == "GET":
            return
        for identifier, raw in self.strangers.items():
            record = self._target.store.users.records.get(identifier)
            if record is None or record.raw != raw:
                self._broken(f"R9: {request.method} {request.url_path} changed a stranger's account")
        if request.method == "POST" and request.url_path in {"/Users", "/Bulk"}:
            self._watch_doubles()
        self._watch_departures()

    def _notice_refusal(self, status: int) -> None:
        if status == _UNAUTHORIZED:
            # the sender learns it when the answer arrives
            self._world.after(self._installed.network.latency[1] * 2, self._set_refused)
        elif status < _REDIRECTS:
            self.refused_at = None

    def _set_refused(self) -> None:
        if self._target.options.token != "tok" and self.refused_at is None:
            self.refused_at = self._world.time

    def _watch_doubles(self) -> None:
        seen: set[str] = set()
        for record in self._target.store.users.records.values():
            owner = record.resource.get("externalId")
            if owner and owner in seen:
                self._broken(f"R2: {record.resource['userName']} has two accounts")
            seen.add(owner or "")
        self._watch_unowned()

    def _watch_unowned(self) -> None:
        """Whose account was there before has it adopted, and gets no second one beside it."""
        records = self._target.store.users.records.values()
        names = {
            each.resource["userName"]
            for each in records
            if "externalId" not in each.resource and each.id not in self.strangers
        }
        for each in records:
            if "externalId" in each.resource and each.resource["userName"] in names:
                self._broken(
                    f"R2: {each.resource['userName']} has an account beside the one that was there before"
                )

    def _live_accounts(self) -> set[str]:
        return {
            record.id
            for record in self._target.store.users.records.values()
            if record.id not in self.strangers and is_active(record.resource)
        }

    def _watch_departures(self) -> None:
        live = self._live_accounts()
        for gone in sorted(self._live - live):
            self._departures.append((self._world.time, gone))
        self._live = live
        while self._departures and self._departures[0][0] < self._world.time - DAY:
            self._departures.popleft()
        self._most_live = max(len(live) + len(self._departures), len(live))
        allowed = allowance(self._installed.application.brake, self._most_live)
        if len(self._departures) > allowed:
            self._judge_brake(allowed)

    def _judge_brake(self, allowed: int) -> None:
        """Those that a person has released do not count, nor those that are back."""
        counted = {gone for _, gone in self._departures} - self._released - self._live
        if len(counted) > allowed:
            self._broken(f"R10: {len(counted)} accounts were taken away within a day, {allowed} are allowed")

    def look_anew(self) -> None:
        """Somebody else has changed something there: who went is none of Provisor's doing."""
        self._live = self._live_accounts()

    def protect(self, user_name: str) -> None:
        """Take this account for a stranger's from now on."""
        for record in self._target.store.users.named(user_name):
            self.strangers[record.id] = record.raw

    def release(self, hold: Hold) -> None:
        """A person lets this one go."""
        self._released |= set(Link.objects.filter(pk=hold.link_id).values_list("remote_id", flat=True))

    def _broken(self, what: str) -> None:
        what = f"{what} ({self._installed.application.name}, {self._installed.drawn.odd})"
        self._world.broken = self._world.broken or what
        raise Violation(what)


def is_active(resource: dict[str, Any]) -> bool:
    return resource.get("active") in (True, "true", "True")
