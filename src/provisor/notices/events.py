"""What a notice may be about: one word for each kind of reason, with its words for people."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One kind of reason. `{name}` in the titles is the application's name."""

    name: str
    #: On the settings page.
    label: str
    description: str
    began: str
    #: Empty: it has no end that is told.
    over: str = ""


_WELL_AGAIN: Final = "{name} is well again"

EVENTS: Final = {
    event.name: event
    for event in (
        Event(
            name="leaver",
            label="A leaver still has an account",
            description="The removal of somebody's account is not confirmed within 5 minutes, whatever the reason.",
            began="People who left still have an account in {name}",
            over="Every removal in {name} is confirmed",
        ),
        Event(
            name="held",
            label="The brake holds removals",
            description="More would be taken away than the brake lets through; a person decides.",
            began="Removals in {name} wait for a decision",
            over="Nothing in {name} waits for a decision any more",
        ),
        Event(
            name="refused",
            label="An application refuses the credential",
            description="It answers 401, or 403 to everything. Nothing is sent until a new one is entered.",
            began="{name} refuses the credential",
            over=_WELL_AGAIN,
        ),
        Event(
            name="credential",
            label="The second credential took over",
            description="An application refused the first of its two credentials and accepts the second.",
            began="{name} refused the first credential; the second one is in use",
        ),
        Event(
            name="misbehaving",
            label="An application misbehaves",
            description="Most requests fail, or many accounts have vanished. It is left alone and probed.",
            began="{name} misbehaves",
            over=_WELL_AGAIN,
        ),
        Event(
            name="unreachable",
            label="An application cannot be reached",
            description="For 5 minutes or longer.",
            began="{name} cannot be reached",
            over=_WELL_AGAIN,
        ),
        Event(
            name="throttled",
            label="An application asks to go slower for long",
            description="For 15 minutes or longer (429 with Retry-After).",
            began="{name} asks to wait",
            over=_WELL_AGAIN,
        ),
        Event(
            name="capability",
            label="An application works otherwise than known",
            description="The first operations are read back, and one of them had changed nothing or was refused.",
            began="{name} works otherwise than was known",
        ),
        Event(
            name="restored",
            label="The database was restored from a backup",
            description="Every application is paused until an administrator resumes it.",
            began="The database was restored from a backup",
        ),
        Event(
            name="audit",
            label="The audit record is broken",
            description="A check found that the chain of the audit record does not fit together.",
            began="The audit record is broken",
            over="The audit record is whole again",
        ),
        Event(
            name="anchor",
            label="The audit record is not anchored",
            description="The end of the record could not be noted in a place outside the database.",
            began="The audit record is not anchored outside",
            over="The audit record is anchored outside again",
        ),
    )
}
#: Reasons about one and the same thing, whether an application can be worked with: they end together.
HEALTH: Final = ("refused", "misbehaving", "unreachable", "throttled")
