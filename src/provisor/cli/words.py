"""States in words with an icon and a colour; colour only helps (console.md, "Looks")."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a state is shown: its word, its icon, and a style of rich."""

    word: str
    icon: str
    style: str

    @property
    def text(self) -> str:
        return f"{self.icon} {self.word}"


#: States of links (design, section 5).
LINKS = {
    "in_sync": Look(word="in sync", icon="✓", style="green"),
    "due": Look(word="due", icon="↻", style="blue"),
    "waiting": Look(word="waiting", icon="…", style="bright_black"),
    "held": Look(word="held", icon="⏸", style="yellow"),
    "failed": Look(word="failed", icon="✗", style="red"),
    "conflict": Look(word="conflict", icon="⚡", style="magenta"),
    "missing": Look(word="missing", icon="?", style="magenta"),
    "released": Look(word="released", icon="○", style="bright_black"),
    "excluded": Look(word="excluded", icon="⊘", style="bright_black"),
}
#: States of applications (design, section 7).
APPLICATIONS = {
    "well": Look(word="well", icon="✓", style="green"),
    "paused": Look(word="paused", icon="∥", style="bright_black"),
    "refused": Look(word="refuses the sign-in", icon="✗", style="red"),
    "misbehaving": Look(word="misbehaves", icon="✗", style="red"),
    "unreachable": Look(word="cannot be reached", icon="✗", style="red"),
    "throttled": Look(word="asks to go slower", icon="…", style="yellow"),
}
#: Links in these states need a person.
BAD_LINKS = ("failed", "conflict", "held", "missing")
#: Levels of a check of a connection.
CHECKS = {
    "ok": Look(word="", icon="✓", style="green"),
    "info": Look(word="", icon="·", style="bright_black"),
    "warning": Look(word="", icon="!", style="yellow"),
    "error": Look(word="", icon="✗", style="red"),
}
_UNKNOWN = Look(word="", icon="·", style="default")


def application_look(state: str) -> Look:
    return APPLICATIONS.get(state, Look(word=state, icon="·", style="default"))


def check_look(level: str, *, ok: bool) -> Look:
    """The mark of a check; a level nobody knows is judged by whether the check went well."""
    return CHECKS.get(level, CHECKS["ok" if ok else "error"])


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 user`, `2 users`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
