"""Values from which the tests of planning make their cases."""

from typing import Any

from hypothesis import strategies as st

from provisor.planning.operation import Desired, Known

#: Paths as mappings have them: simple, sub-attribute, element of a multi-valued attribute, extension, life cycle.
PATHS = (
    "userName",
    "name.givenName",
    'emails[type eq "work"].value',
    'emails[type eq "home"].value',
    "title",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "roles",
    "active",
)
#: Values of each path; a value is one that a mapping renders, so never empty.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    path: st.sampled_from(["a", "b", "C"]) for path in PATHS if path not in ("roles", "active")
}
VALUES["roles"] = st.sampled_from([[{"value": "x"}], [{"value": "y"}, {"value": "x"}]])
VALUES["active"] = st.booleans()

paths = st.frozensets(st.sampled_from(PATHS))


@st.composite
def values(draw: st.DrawFn, among: frozenset[str]) -> dict[str, Any]:
    """Values for some of the paths."""
    chosen = draw(st.frozensets(st.sampled_from(sorted(among)))) if among else frozenset()
    return {path: draw(VALUES[path]) for path in sorted(chosen)}


@st.composite
def desired_states(draw: st.DrawFn) -> Desired:
    """What a mapping may render: a path is rendered, kept, waiting or empty, and perhaps for the POST only."""
    managed = draw(paths)
    rendered = draw(values(managed))
    rest = sorted(managed - rendered.keys())
    kept = draw(st.frozensets(st.sampled_from(rest))) if rest else frozenset()
    rest = [path for path in rest if path not in kept]
    waiting = draw(st.frozensets(st.sampled_from(rest))) if rest else frozenset()
    create_only = draw(st.frozensets(st.sampled_from(sorted(managed)))) if managed else frozenset()
    return Desired(
        values=rendered, managed=managed, kept=kept, create_only=create_only, waiting=tuple(sorted(waiting))
    )


@st.composite
def known_states(draw: st.DrawFn) -> Known:
    """What a link may know of an account that is there."""
    return Known(
        remote_id="7",
        sent=draw(st.none() | values(frozenset(PATHS))),
        doubt=draw(paths),
        deleted_in_doubt=draw(st.booleans()),
    )
