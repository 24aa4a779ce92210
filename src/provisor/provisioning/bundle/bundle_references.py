"""Members of a new group that are named by the bulkId of their own creation (RFC 7644, 3.7.2)."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from provisor.provisioning.keys import Key
from provisor.provisioning.passes.work import Member, Newcomer
from provisor.scim.dialect import Dialect
from provisor.scim.patch import member_elements

PREFIX = "bulkId:"


class References:
    """What a new group says of members whose accounts are made in the same bulk request.

    Who they are is known only when the request is put together, and that may be done more than once.
    """

    def __init__(self, body: Mapping[str, Any], newcomers: Sequence[Newcomer], dialect: Dialect) -> None:
        self._body, self._newcomers, self._dialect = body, newcomers, dialect
        #: The bulkIds by which members were named in the request that left last.
        self.named: dict[Newcomer, str] = {}
        #: The group as it was written last; empty before.
        self.content = b""
        #: The ids of all accounts that this request has made, by bulkId.
        self.made: Mapping[str, str] = {}

    def written(self, names: Mapping[Key, str]) -> bytes:
        """Write the group for a request in which the accounts of these users are made under these names."""
        present = (each for each in self._newcomers if each.user in names)
        most = max(1, self._dialect.members_per_request)
        self.named = {each: names[each.user] for each in islice(present, most)}
        self.made = {}
        displays = {f"{PREFIX}{name}": each.display for each, name in self.named.items()}
        members = member_elements(displays, self._dialect, displays)
        self.content = orjson.dumps({**self._body, "members": members} if members else self._body)
        return self.content

    def leave_out(self) -> None:
        """The group goes without them."""
        self.named, self.made, self.content = {}, {}, b""

    @property
    def all_made(self) -> bool:
        """Whether the account of everybody who was named is there."""
        return all(name in self.made for name in self.named.values())

    @property
    def members(self) -> tuple[Member, ...]:
        """Those who were named, with their ids; without one where no answer has told it."""
        return tuple(
            Member(row=each.row, remote_id=self.made.get(name, ""), display=each.display)
            for each, name in self.named.items()
        )
