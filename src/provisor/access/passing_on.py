"""What a token may pass on to another token: no more than it has, and not for longer."""

from provisor.access.models import Token
from provisor.access.permissions import within
from provisor.access.principals import Principal, looked_after
from provisor.access.refusal import AccessRefusal, Kind


def refuse_more_than(giver: Principal | None, token: Token) -> None:
    """Raise `AccessRefusal` (exceeds) if the new token could do what the one that asks for it cannot.

    Somebody who has signed in gives what their account has, which is judged by the token's role and at each use of it.
    """
    if giver is None or giver.token is None:
        return
    if not within(token.role, giver.role):
        raise _exceeds("role", f'This token has the role "{giver.role}", and cannot give "{token.role}".')
    if giver.token.use not in {Token.Use.ALL, token.use}:
        raise _exceeds(
            "use", f'This token is "{giver.token.use}", and cannot give one that is "{token.use}".'
        )
    if not _inside(token, giver):
        raise _exceeds("applications", "This token does not look after all of these applications.")
    ends = giver.token.expires_at
    if ends is not None and (token.expires_at is None or token.expires_at > ends):
        raise _exceeds(
            "expires_at", f"This token ends at {ends.isoformat()}, and cannot give one that lasts longer."
        )


def _inside(token: Token, giver: Principal) -> bool:
    """Whether the applications that the new token names, or else all of its account's, are among the giver's."""
    if giver.applications is None:
        return True
    named = token.applications
    held = looked_after(token.account) if named is None else {*named}
    return held is not None and {str(one) for one in held} <= {str(one) for one in giver.applications}


def _exceeds(field: str, reason: str) -> AccessRefusal:
    return AccessRefusal(field, reason, Kind.EXCEEDS)
