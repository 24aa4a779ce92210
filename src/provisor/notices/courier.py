"""The courier: as long as the engine runs, what is due is delivered. It holds up nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from provisor.notices.delivery import Outcome, Parcel, note, send, take_due

log = structlog.get_logger(__name__)

#: Seconds between two looks at the outbox.
LOOK_EVERY = 1.0


class Runs(Protocol):
    """Runs a function that uses the database in its thread."""

    async def run(self, function: Callable[..., object], /, *args: object, **kwargs: object) -> object: ...


class Courier:
    """Delivers notices; `store` runs what uses the database, `now` gives Unix milliseconds, `every` is in seconds."""

    def __init__(
        self,
        store: Runs,
        now: Callable[[], int],
        *,
        send: Callable[[Parcel], Awaitable[Outcome]] = send,
        every: float = LOOK_EVERY,
    ) -> None:
        self._store, self._now, self._send, self._every = store, now, send, every

    async def deliver_forever(self) -> None:
        """Deliver until the task is cancelled; a failure of our own database is tried again with the next look."""
        while True:
            try:
                await self.deliver()
            except Exception:
                log.exception("notices.delivery_failed")
            await asyncio.sleep(self._every)

    async def deliver(self) -> int:
        """Try everything that is due once; returns how many were tried."""
        parcels = await self._store.run(take_due, self._now())
        assert isinstance(parcels, list)
        channels: dict[object, list[Parcel]] = {}
        for parcel in parcels:
            channels.setdefault(parcel.channel.pk, []).append(parcel)
        await asyncio.gather(*(self._try_in_turn(each) for each in channels.values()))
        return len(parcels)

    async def _try_in_turn(self, parcels: list[Parcel]) -> None:
        """One channel hears of one thing after the other, and holds up no other channel."""
        for parcel in parcels:
            await self._try(parcel)

    async def _try(self, parcel: Parcel) -> None:
        try:
            outcome = await self._send(parcel)
        except Exception as error:
            log.exception("notices.send_failed", channel=str(parcel.channel.pk))
            outcome = Outcome(delivered=False, sentence=f"Provisor itself failed: {type(error).__name__}.")
        await self._store.run(note, parcel, outcome, self._now())
