"""What a session still has to prove before an application opens. Pure: no request, no clock, no database."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from provisor.access.methods import Method, Strength, has_second_factor, strength_of

#: The ways to each strength; the first is what whoever has none of them sets up.
_WAYS: Final[Mapping[Strength, tuple[tuple[Method, ...], ...]]] = {
    Strength.NOTHING: ((),),
    Strength.EMAIL: ((Method.PASSWORD,), (Method.PASSKEY,), (Method.EMAIL_CODE,)),
    Strength.PASSWORD: ((Method.PASSWORD,), (Method.PASSKEY,)),
    Strength.PASSWORD_AND_TOTP: ((Method.PASSWORD, Method.TOTP), (Method.PASSKEY,)),
    Strength.PASSKEY: ((Method.PASSKEY,),),
    Strength.PASSWORD_AND_PASSKEY: ((Method.PASSWORD, Method.PASSKEY),),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to prove. With `enrol` the person does not have it yet, and sets it up first."""

    method: Method
    enrol: bool


def steps(needed: Strength, proved: AbstractSet[Method], enrolled: AbstractSet[Method]) -> tuple[Step, ...]:
    """Return what is missing of what is needed, in order; nothing when the session is strong enough.

    Of the ways that a person has, the one with the least to prove; who has none sets up what the policy names. Before
    anything new is set up, what the person has already is asked for, so that nobody adds a factor on the strength of
    a weaker one.
    """
    if strength_of(proved) >= needed:
        return ()
    missing = [[method for method in way if method not in proved] for way in _WAYS[needed]]
    chosen = min((way for way in missing if not set(way) - enrolled), key=len, default=missing[0])
    anew = tuple(Step(method, enrol=True) for method in chosen if method not in enrolled)
    known = [method for method in chosen if method in enrolled]
    if anew:
        known += [method for method in _vouching(proved, enrolled) if method not in known]
    return (*(Step(method, enrol=False) for method in known), *anew)


def _vouching(proved: AbstractSet[Method], enrolled: AbstractSet[Method]) -> Iterator[Method]:
    """What a person has and has not proved: the password, and one second factor."""
    if Method.PASSWORD in enrolled - proved:
        yield Method.PASSWORD
    if not has_second_factor(proved):
        yield from [method for method in (Method.PASSKEY, Method.TOTP) if method in enrolled][:1]
