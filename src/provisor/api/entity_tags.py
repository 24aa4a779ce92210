"""ETags of versioned rows, and the conditions that a client states with them (RFC 9110, 13.1; RFC 7644, 3.14)."""

import re
from typing import Final

#: One member of a list of entity tags: an optional weak prefix, then a quoted or a bare tag.
_TAG: Final = re.compile(r'\s*(?:[Ww]/)?(?:"([^"]*)"|([^,\s"]+))\s*(?:,|$)')


def entity_tag(version: int) -> str:
    """The weak tag of a version: the same version may be written in several ways (attributes, order)."""
    return f'W/"{version}"'


def names_version(header: str, version: int) -> bool:
    """Whether a header `If-Match` or `If-None-Match` names this version, by the weak comparison.

    RFC 9110 wants the strong comparison for `If-Match`, which a weak tag never passes; SCIM prefers weak tags
    (RFC 7644, 3.14), so both headers compare weakly here. `*` names every version.
    """
    text = str(version)
    return any(bare == "*" or text in (quoted, bare) for quoted, bare in _TAG.findall(header))
