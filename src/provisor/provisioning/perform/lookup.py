"""Find what is in the application already, so that nothing is created twice (R2)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisor.planning.operation import Kind
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.verdict import NOT_FOUND, UNSUPPORTED
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused
from provisor.scim.path import MISSING, read
from provisor.scim.resource import fold, same_key

#: A listing pays for itself from so many new links on; below, each is searched for singly.
LISTING_FROM = 20
#: Seconds for which a listing may stand in for a look-up.
LISTING_AGE = 600
#: Statuses of a search that speak of the filter: the list is read instead.
FILTER_REFUSED = UNSUPPORTED | {400}

#: Records a capability with its evidence.
Learn = Callable[[str, Any, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a look-up. `certain` is false where absence cannot be concluded from what was seen."""

    resources: tuple[Mapping[str, Any], ...] = ()
    #: The path whose value matched.
    path: str = ""
    certain: bool = True
    reason: str = ""
    #: It has the values that an earlier POST without an outcome sent.
    posted: bool = False


@dataclass(slots=True)
class _Listing:
    """Ids by matching value, from a listing that saw everything."""

    at: float
    ids: dict[str, dict[str, list[str]]] = field(default_factory=dict)


class Lookup:
    """Looks resources up by the matching attributes, singly or in a complete listing of this pass.

    `learn` is told when the application has no filters after all. `clock` in seconds: a listing grows old.
    """

    def __init__(self, context: Context, client: ScimClient, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._context = context
        self._client = client
        self._listings: dict[Kind, _Listing] = {}
        self._unlistable: set[Kind] = set()
        self._filter = context.dialect.filter
        self._filter_ignored = context.dialect.filter_ignored
        self.learn: Learn = _learn_nothing

    def searchable(self, kind: Kind) -> bool:
        """Whether a search can say that something is absent."""
        dialect = self._context.dialect
        paths = self._context.matching[kind]
        return (
            self._filter and not self._filter_ignored and any(dialect.filters(kind, path) for path in paths)
        )

    async def prepare(self, kind: Kind, new: int) -> None:
        """Read a complete listing where many links are new, or where nothing can be searched for."""
        if kind in self._unlistable or (self._has_listing(kind)):
            return
        if new >= LISTING_FROM or not self.searchable(kind):
            await self._list(kind, new)

    def _has_listing(self, kind: Kind) -> bool:
        listing = self._listings.get(kind)
        return listing is not None and self._clock() - listing.at < LISTING_AGE

    def is_absent_by_listing(self, kind: Kind, values: Mapping[str, Any]) -> bool:
        """Whether a complete listing of this pass says that there is nothing with these values (R2)."""
        if not self._has_listing(kind):
            return False
        wanted = [(path, values.get(path)) for path in self._context.matching[kind]]
        keys = [(path, _key(path, value)) for path, value in wanted if _usable(value)]
        return bool(keys) and not any(self._listings[kind].ids[path].get(key) for path, key in keys)

    async def _list(self, kind: Kind, new: int) -> None:
        listing = _Listing(at=self._clock())
        index: dict[str, dict[str, list[str]]] = {
            path: defaultdict(list) for path in self._context.matching[kind]
        }
        pages = 0
        async for page in self._client.pages(kind, act="list"):
            pages += 1
            for resource in page.resources:
                _index(index, resource)
            if page.complete:
                listing.ids = index
                self._listings[kind] = listing
                return
            if (
                self.searchable(kind)
                and page.total
                and page.total > max(new, 1) * self._context.dialect.page_size
            ):
                break
        self._unlistable.add(kind)

    async def find(self, kind: Kind, values: Mapping[str, Any], tag: object, *, fresh: bool = False) -> Found:
        """Look up by the matching attributes in order; `fresh` asks the application whatever a listing says."""
        if not fresh and self._has_listing(kind):
            return await self._find_listed(kind, values, tag)
        return await self._search(kind, values, tag)

    async def _find_listed(self, kind: Kind, values: Mapping[str, Any], tag: object) -> Found:
        for path in self._context.matching[kind]:
            value = values.get(path)
            ids = self._listings[kind].ids[path].get(_key(path, value), []) if _usable(value) else []
            if ids:
                read_back = [await self._read_back(kind, each, tag) for each in ids]
                same = tuple(r for r in read_back if r is not None and same_key(path, read(r, path), value))
                # what was listed has gone or changed: the listing is older than that
                return Found(resources=same, path=path) if same else await self._search(kind, values, tag)
        return Found()

    async def _read_back(self, kind: Kind, identity: str, tag: object) -> Mapping[str, Any] | None:
        try:
            return await self._client.get(kind, identity, act="look_up", tag=tag)
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                raise
            return None

    async def _search(self, kind: Kind, values: Mapping[str, Any], tag: object) -> Found:
        searched = False
        for path in self._context.matching[kind]:
            value = values.get(path)
            if not self._filter or not _usable(value) or not self._context.dialect.filters(kind, path):
                continue
            try:
                result = await self._client.search(kind, path, str(value), act="look_up", tag=tag)
            except Refused as refusal:
                if refusal.status not in FILTER_REFUSED:
                    raise
                self._learn_refusal(path, refusal)
                return await self._scan(kind, values)
            if result.hits:
                return Found(resources=tuple(result.hits), path=path)
            if result.ignored_filter and not self._filter_ignored:
                self._filter_ignored = True
                self.learn("filter_ignored", True, f"A search by {path} was answered with somebody else.")
            searched = searched or not result.ignored_filter
        if searched and not self._filter_ignored:
            return Found()
        return await self._scan(kind, values)

    def _learn_refusal(self, path: str, refusal: Refused) -> None:
        """Remember that there are no filters, where the refusal speaks of filters and not of one path or value."""
        if refusal.status in UNSUPPORTED or (refusal.scim_type == "invalidFilter" and "[" not in path):
            if self._filter:
                self.learn("filter", False, f"A search by {path} was answered with {refusal.status}.")
            self._filter = False

    async def _scan(self, kind: Kind, values: Mapping[str, Any]) -> Found:
        """Read the whole list: the only way to be sure where filters do not work."""
        matches: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        complete = False
        async for page in self._client.pages(kind, act="look_up"):
            for resource in page.resources:
                _collect(matches, resource, values, self._context.matching[kind])
            complete = page.complete
        for path in self._context.matching[kind]:
            if matches[path]:
                return Found(resources=tuple(matches[path]), path=path)
        if complete:
            return Found()
        return Found(certain=False, reason=UNCERTAIN)


UNCERTAIN = (
    "The application neither searches nor lists reliably, so it cannot be told whether the account is there already. "
    "Nothing is created, lest it be there twice; link it by hand."
)


def _learn_nothing(_name: str, _value: Any, _evidence: str) -> None:
    pass


def _usable(value: Any) -> bool:
    return value is not None and value is not MISSING and value != ""


def _key(path: str, value: Any) -> str:
    """Fold what people type; a hit is compared again by `same_key`, so folding too much does no harm."""
    return f"{path}|{fold(str(value))}"


def _index(index: dict[str, dict[str, list[str]]], resource: Mapping[str, Any]) -> None:
    identifier = resource.get("id")
    if not isinstance(identifier, str):
        return
    for path, ids in index.items():
        value = read(resource, path)
        if _usable(value):
            ids[_key(path, value)].append(identifier)


def _collect(
    matches: dict[str, list[Mapping[str, Any]]],
    resource: Mapping[str, Any],
    values: Mapping[str, Any],
    paths: Sequence[str],
) -> None:
    for path in paths:
        wanted = values.get(path)
        if _usable(wanted) and same_key(path, read(resource, path), wanted):
            matches[path].append(resource)
