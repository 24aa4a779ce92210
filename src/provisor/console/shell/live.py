"""Live parts: one stream of server-sent events for each open page.

A page asks again for its own parts when it hears that something changed; the stream itself carries no data, so
that there is one way to render a part, and one place where its permission is checked. What changed between the
reading of the page and the opening of its stream is told first: the page carries the time at which it was read, and
every event the time of its own in its id, which the browser sends when it connects again.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.guard import requires
from provisor.console.shell.watching import watcher
from provisor.ending import ending

#: A stream ends by itself, so that the sign-in is checked again when the browser reconnects.
_LIFETIME: Final = 120.0
#: A word now and then keeps proxies from closing a silent stream, and finds out that nobody listens any more.
_SILENCE: Final = 15.0
#: Looked at this often (seconds), so that an open page does not keep a service from ending.
_END_LOOK: Final = 0.5


async def _events(seen: float) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    end = loop.time() + _LIFETIME
    spoke = loop.time()
    with watcher().listen() as queue:
        # The browser waits so long (ms) before it connects again.
        yield f"retry: 1000\n{_stamp()}\n"
        for topic in watcher().missed(seen):
            yield _event(topic)
        while loop.time() < end and not ending.is_set():
            try:
                topic = await asyncio.wait_for(queue.get(), _END_LOOK)
            except TimeoutError:
                if loop.time() - spoke < _SILENCE:
                    continue
                yield f"{_stamp()}\n"
            else:
                yield _event(topic)
            spoke = loop.time()


def _event(topic: str) -> str:
    return f"{_stamp()}event: {topic}\ndata: \n\n"


def _stamp() -> str:
    return f"id: {time.time():.3f}\n"


def _seen(request: HttpRequest) -> float:
    """When the page was last up to date (Unix time); 0, which is always too long ago, when it does not say so."""
    said = request.headers.get("Last-Event-ID") or request.GET.get("seen", "")
    try:
        return float(said)
    except ValueError:
        return 0.0


@require_safe
@requires(Permission.READ)
def live(request: HttpRequest) -> StreamingHttpResponse:
    """The stream: an event for each topic of `TOPICS` that changed since the page was read, and from then on."""
    response = StreamingHttpResponse(_events(_seen(request)), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # nginx would keep the events back.
    response.headers["X-Accel-Buffering"] = "no"
    return response
