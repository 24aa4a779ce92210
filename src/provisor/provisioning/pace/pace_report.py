"""What is known of the pace of an application and who said so, for people: declared, learned, and whether in bulk."""

from dataclasses import dataclass
from typing import Any

from provisor.applications.models import Application
from provisor.provisioning.models import Health
from provisor.provisioning.pace.flow import sensible_concurrency
from provisor.scim.dialect import Dialect

#: Said of what an application was seen to bear.
LEARNED = "learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. `what` is "rate", "learned_rate", "concurrency" or "bulk"; `of` is the class of requests."""

    what: str
    of: str
    #: Requests per second, works at a time, or operations in one request; 0 where there is none.
    value: float
    #: The rate that was refused last, or the most that is allowed; 0 where there is none.
    beside: float
    origin: str


def pace_of(application: Application, dialect: Dialect) -> list[Figure]:
    """Return every figure by which requests to this application are paced. One query."""
    health = Health.objects.filter(application=application).first()
    levels: dict[str, Any] = health.limiter if health is not None else {}
    return [*_declared(dialect), *_learned(levels), _concurrency(levels, dialect), _bulk(dialect)]


def _declared(dialect: Dialect) -> list[Figure]:
    rates = [(rate.match, rate.per_second, rate.burst, "rates") for rate in dialect.rates]
    if dialect.rate_per_second:
        rates.append(("all", dialect.rate_per_second, 1, "rate_per_second"))
    return [
        Figure(what="rate", of=match, value=value, beside=burst, origin=dialect.origin(name).value)
        for match, value, burst, name in rates
    ]


def _learned(levels: dict[str, Any]) -> list[Figure]:
    learned = levels.get("learned") or {}
    return [
        Figure(what="learned_rate", of=match, value=level["rate"], beside=level["refused"], origin=LEARNED)
        for match, level in sorted(learned.items())
    ]


def _concurrency(levels: dict[str, Any], dialect: Dialect) -> Figure:
    most = sensible_concurrency(dialect)
    limit = levels.get("flow", {}).get("limit")
    if limit is None or limit >= most:
        origin = dialect.origin("concurrency")
        return Figure(what="concurrency", of="all", value=most, beside=most, origin=origin.value)
    return Figure(what="concurrency", of="all", value=int(limit), beside=most, origin=LEARNED)


def _bulk(dialect: Dialect) -> Figure:
    """`beside` is 1 where bulk requests are sent."""
    value = dialect.bulk_operations if dialect.bulk else 0
    origin = dialect.origin("bulk").value
    return Figure(what="bulk", of="POST /Bulk", value=value, beside=float(dialect.bulk), origin=origin)
