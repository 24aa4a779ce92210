"""Who may release a hold: not alone who caused it, where somebody else may (R10; engine.md, section 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from provisor.access.models import Account, Role, Token
from provisor.access.permissions import Permission, allows
from provisor.access.principals import of_account
from provisor.audit.actor import Actor, ActorKind
from provisor.directory.models import JournalEntry
from provisor.provisioning.models import Hold

#: Names of others that are told.
NAMED = 3

OWN = (
    "You made the change that would take this away ({who}), so somebody else has to look at it: {others} may release it. "
    "You can still reject it, which keeps everything as it is."
)
ALONE = "Released by who caused it: no second account may release."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whether somebody may release one hold: an empty refusal says yes, and the note what the record tells."""

    refusal: str = ""
    note: str = ""


def rulings(holds: Iterable[Hold], actor: Actor) -> dict[UUID, Ruling]:
    """Return for each hold whether this actor may release it; a token counts as its account. Four queries at most."""
    kept = list(holds)
    me = _identities([(actor.kind, actor.id)])[actor.kind, actor.id]
    causers = _causers({hold.entry_id for hold in kept if hold.entry_id is not None}) if me else {}
    mine = {entry: who for entry, (identity, who) in causers.items() if identity == me}
    others = _others(me) if mine else []
    return {
        hold.id: _ruling(mine.get(hold.entry_id or 0), _addresses(others, hold.application_id))
        for hold in kept
    }


def _ruling(mine: str | None, others: list[str]) -> Ruling:
    if mine is None:
        return Ruling()
    if not others:
        return Ruling(note=ALONE)
    named = ", ".join(others[:NAMED])
    if len(others) > NAMED:
        named += f" and {len(others) - NAMED} more"
    return Ruling(refusal=OWN.format(who=mine, others=named))


def _causers(entries: set[int]) -> dict[int, tuple[str, str]]:
    """Return who made these changes: by journal entry the identity and the name."""
    found = list(
        JournalEntry.objects.filter(pk__in=entries).values_list("id", "actor_kind", "actor_id", "actor")
    )
    identities = _identities({(kind, identifier) for _, kind, identifier, _ in found})
    return {entry: (identities[kind, identifier], label) for entry, kind, identifier, label in found}


def _identities(actors: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Return one word for each person behind these; an empty one for nobody, such as Provisor itself."""
    kept = set(actors)
    tokens = {identifier for kind, identifier in kept if kind == ActorKind.TOKEN}
    accounts = dict(Token.objects.filter(pk__in=tokens).values_list("pk", "account_id")) if tokens else {}
    owners = {str(token): str(account) for token, account in accounts.items()}
    return {(kind, identifier): _identity(kind, identifier, owners) for kind, identifier in kept}


def _identity(kind: str, identifier: str, owners: Mapping[str, str]) -> str:
    if kind == ActorKind.TOKEN:
        return f"account {owners.get(identifier, identifier)}"
    if kind == ActorKind.ACCOUNT:
        return f"account {identifier}"
    return f"command {identifier}" if kind == ActorKind.COMMAND else ""


def releasers() -> list[str]:
    """Return the addresses of all accounts that may release, at some application at least."""
    return [each.email for each in _others("")]


def _addresses(accounts: Iterable[Account], application_id: UUID) -> list[str]:
    """Those who look after the application."""
    return [each.email for each in accounts if of_account(each).may(Permission.RELEASE_HOLDS, application_id)]


def _others(me: str) -> list[Account]:
    """Return the accounts that may release, without one person's."""
    roles = [role for role in Role.values if allows(role, Permission.RELEASE_HOLDS)]
    accounts = Account.objects.filter(role__in=roles).select_related("directory_user").order_by("email")
    return [each for each in accounts if each.may_sign_in() and f"account {each.id}" != me]
