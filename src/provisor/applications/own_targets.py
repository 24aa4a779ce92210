"""Targets that Provisor itself runs on this machine: the one way to loopback beside PROVISOR_PRIVATE_TARGETS.

A target is open in the process that runs it and nowhere else, for the stored credential of one application, at one
base URL, and while that process holds the socket on which the target listens. No setting and no request opens one.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTarget:
    """Where a target of ours listens on 127.0.0.1, and the application that it belongs to."""

    application_id: UUID
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2"


_open: dict[UUID, OwnTarget] = {}


def open_target(target: OwnTarget) -> None:
    """Let its application connect to it. To be called by who holds the listening socket."""
    _open[target.application_id] = target


def close_target(target: OwnTarget) -> None:
    """Let nobody connect to it any more. To be called before the socket is closed."""
    _open.pop(target.application_id, None)


def is_open(application_id: UUID | None, base_url: str) -> bool:
    """Whether this application may connect to this base URL, spelled exactly so."""
    target = None if application_id is None else _open.get(application_id)
    return target is not None and target.base_url == base_url
