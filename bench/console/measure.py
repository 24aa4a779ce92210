"""Measure every page of the console, as a signed-in owner asks for it, in this process."""

import logging
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from html import unescape
from typing import Any
from uuid import UUID

from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode

from bench.console.installation import OWNER
from bench.console.not_pages import NOT_PAGES
from bench.console.places import find_places
from bench.console.queries import Slow, slowest
from bench.console.samples import Sample, samples
from provisor.access.models import Account
from provisor.console import urls

BUDGET_MS, BUDGET_QUERIES = 300.0, 15
#: Of a rehearsal or a plan, which a page asks for once it is shown. Its queries grow with the applications that it
#: reaches, and have no number of their own.
BUDGET_REHEARSAL_MS = 1_000.0
#: A page that takes longer than this, in milliseconds, is asked for once: it is clear enough.
_CLEAR = 5_000.0
_NEXT = re.compile(r'<a[^>]*rel="next"[^>]*>')
_ADDRESS = re.compile(r'href="([^"]*)"')
_ARGUMENTS: Mapping[str, object] = {
    "UUIDConverter": UUID(int=0),
    "IntConverter": 1,
    "SlugConverter": "x",
    "StringConverter": "x",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `cpu_ms` is what `ms` would be if nothing else ran on the machine; `over` names broken budgets."""

    name: str
    path: str
    ms: float
    cpu_ms: float
    queries: int
    over: tuple[str, ...]
    #: A part that a page asks for once it is shown, with a budget of its own.
    rehearsal: bool
    slow: list[Slow] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """A pattern, or one sample of it, of which nothing is known."""

    name: str
    path: str
    reason: str


def measure(only: str = "", *, times: int = 5, why: bool = False) -> dict[str, Any]:
    """Measure all samples, or those whose name or address contains `only`, as the median of `times`; `why` adds the slowest queries of what is over budget.

    The report has `pages` and `rehearsals`, the slowest first, and `unmeasured`.
    """
    # Answers other than 200 are in the report; the log need not tell them too.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    client = Client(SERVER_NAME="localhost", raise_request_exception=True)
    client.force_login(Account.objects.get(email=OWNER))
    found = [each for each in samples(find_places()) if only in each.name or only in _path_of(each)]
    outcomes = list(_measured(client, found, times=times, why=why))
    pages = [each for each in outcomes if isinstance(each, Page)]
    missing = [each for each in outcomes if isinstance(each, Unmeasured)]
    if not only:
        missing += _forgotten(client, {each.name for each in found})
    pages.sort(key=lambda page: -page.ms)
    return {
        "pages": [_told(page) for page in pages if not page.rehearsal],
        "rehearsals": [_told(page) for page in pages if page.rehearsal],
        "unmeasured": [asdict(each) for each in missing],
        "over_budget": sum(bool(page.over) for page in pages),
        "budget": {"ms": BUDGET_MS, "queries": BUDGET_QUERIES, "rehearsal_ms": BUDGET_REHEARSAL_MS},
        "conditions": {
            "cpus": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
            "note": "ms is real time: on a machine that does other things too, cpu_ms is nearer to the truth.",
        },
    }


def _told(page: Page) -> dict[str, Any]:
    return {name: value for name, value in asdict(page).items() if name != "rehearsal"}


def _path_of(sample: Sample) -> str:
    path = reverse(sample.name, urls.__name__, args=sample.arguments)
    return path + (f"?{urlencode(sample.query)}" if sample.query else "")


def _measured(
    client: Client, found: Iterable[Sample], *, times: int, why: bool
) -> Iterator[Page | Unmeasured]:
    """Each sample, and the page behind it where it has one."""
    seen: set[str] = set()
    for sample in found:
        path = _path_of(sample)
        while path and path not in seen:
            seen.add(path)
            outcome, following = _one(client, sample, path, times=times, why=why)
            _tell(outcome)
            yield outcome
            # The second page is enough: the third is as the second.
            path = following if not sample.query.get("after") and "after=" not in path else ""
            # Links of a part lead to pages; the part of such a page is asked for as its first one was.
            path += "&reach=now" if path and sample.query.get("reach") else ""


def _tell(outcome: Page | Unmeasured) -> None:
    """Progress: it takes minutes."""
    if isinstance(outcome, Page):
        mark = " OVER" if outcome.over else ""
        print(
            f"{outcome.ms:8.0f} ms {outcome.cpu_ms:8.0f} cpu {outcome.queries:3}  {outcome.path}{mark}",
            file=sys.stderr,
        )
    else:
        print(f"not measured: {outcome.path} {outcome.reason}", file=sys.stderr)


def _one(
    client: Client, sample: Sample, path: str, *, times: int, why: bool
) -> tuple[Page | Unmeasured, str]:
    headers = {"HX-Request": "true"} if sample.part else {}

    def ask() -> HttpResponseBase:
        return client.get(path, headers=headers)

    try:
        answer = ask()
    except Exception as error:  # noqa: BLE001 - a page that breaks is to be told with the others
        return Unmeasured(name=sample.name, path=path, reason=f"raised {error!r}"), ""
    text = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]  # of the test client
    if answer.status_code >= 400:
        return Unmeasured(name=sample.name, path=path, reason=f"answered {answer.status_code}"), ""
    with CaptureQueriesContext(connection) as captured:
        ask()
    # Read now: the next request forgets them.
    asked = captured.captured_queries
    ms, cpu_ms = _timed(ask, times)
    over = _over(sample, cpu_ms, len(asked))
    slow = slowest(asked) if why and over else []
    page = Page(
        name=sample.name, path=path, ms=ms, cpu_ms=cpu_ms, queries=len(asked), over=over,
        rehearsal=sample.rehearsal, slow=slow,
    )  # fmt: skip
    return page, _following(path, text.decode(errors="replace"))


def _over(sample: Sample, cpu_ms: float, queries: int) -> tuple[str, ...]:
    """Name the budgets that are broken."""
    if sample.rehearsal:
        return ("ms",) if cpu_ms > BUDGET_REHEARSAL_MS else ()
    broken = (("ms", cpu_ms > BUDGET_MS), ("queries", queries > BUDGET_QUERIES))
    return tuple(name for name, is_broken in broken if is_broken)


def _timed(ask: Callable[[], object], times: int) -> tuple[float, float]:
    """Median of real time and of the time on the processor, in milliseconds."""
    real: list[float] = []
    used: list[float] = []
    for _ in range(times):
        began, spent = time.perf_counter(), time.process_time()
        ask()
        real.append((time.perf_counter() - began) * 1000)
        used.append((time.process_time() - spent) * 1000)
        if real[0] > _CLEAR:
            break
    return round(statistics.median(real), 1), round(statistics.median(used), 1)


def _following(path: str, text: str) -> str:
    link = _NEXT.search(text)
    address = _ADDRESS.search(link[0]) if link else None
    if address is None:
        return ""
    found = unescape(address[1])
    return path.partition("?")[0] + found if found.startswith("?") else found


def _forgotten(client: Client, sampled: set[str]) -> Iterator[Unmeasured]:
    """Patterns of the console without a sample that answer to GET."""
    for pattern in _patterns(urls.urlpatterns):
        name = pattern.name or ""
        if name in sampled or name in NOT_PAGES:
            continue
        arguments = {
            key: _ARGUMENTS[type(converter).__name__] for key, converter in pattern.pattern.converters.items()
        }
        path = reverse(name, urls.__name__, kwargs=arguments)
        if client.get(path).status_code != 405:
            yield Unmeasured(name=name, path=path, reason="has no sample in bench/console/samples.py")


def _patterns(found: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each
