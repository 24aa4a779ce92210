"""Live parts: nothing that changes between the reading of a page and the opening of its stream is missed."""

import time

import pytest
from django.test import AsyncClient, Client

from provisor.access.models import Account
from provisor.console.shell import watching
from provisor.console.shell.marks import TOPICS
from provisor.console.shell.watching import Watcher

_MARKS = dict.fromkeys(TOPICS, (1,))


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int]]:
    """What the watcher finds when it looks; a test changes it."""
    found = dict(_MARKS)
    monkeypatch.setattr(watching, "marks", lambda: dict(found))
    monkeypatch.setattr(watching, "_PERIOD", 0.01)
    monkeypatch.setattr(watching, "_MARGIN", 0.0)
    return found


async def test_a_page_hears_of_a_change_once(marked: dict[str, tuple[int]]):
    watcher = Watcher()
    with watcher.listen() as queue:
        while watcher.missed(time.time()):
            await watching.asyncio.sleep(0.01)
        marked["work"] = (2,)
        assert await watching.asyncio.wait_for(queue.get(), 5) == "work"
        assert queue.empty()


async def test_a_page_that_was_read_before_the_first_look_asks_for_everything(marked: dict[str, tuple[int]]):
    read = time.time()
    watcher = Watcher()
    with watcher.listen():
        await watching.asyncio.sleep(0.1)
        assert watcher.missed(read) == list(TOPICS)
        assert marked == _MARKS


async def test_what_changed_while_nobody_listened_is_known_to_the_next_page(marked: dict[str, tuple[int]]):
    watcher = Watcher()
    with watcher.listen():
        while watcher.missed(time.time()):
            await watching.asyncio.sleep(0.01)
    read = time.time()
    marked["applications"] = (2,)
    await watching.asyncio.sleep(0.1)
    with watcher.listen():
        assert watcher.missed(read) == ["applications"]
        assert watcher.missed(time.time()) == []


async def test_a_database_that_fails_does_not_end_the_watch(
    marked: dict[str, tuple[int]], monkeypatch: pytest.MonkeyPatch
):
    def refuses() -> dict[str, tuple[object, ...]]:
        raise OSError("the disk is full")

    watcher = Watcher()
    with watcher.listen() as queue:
        while watcher.missed(time.time()):
            await watching.asyncio.sleep(0.01)
        monkeypatch.setattr(watching, "marks", refuses)
        await watching.asyncio.sleep(0.1)
        monkeypatch.setattr(watching, "marks", lambda: {**marked, "directory": (2,)})
        assert await watching.asyncio.wait_for(queue.get(), 5) == "directory"


@pytest.mark.django_db
def test_every_page_says_when_it_was_read(browser: Client):
    before = time.time()
    page = browser.get("/").content.decode()
    seen = float(page.split("/live?seen=")[1].split('"')[0])
    assert before - 0.001 <= seen <= time.time()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("said", ["", "yesterday", "0"])
async def test_a_stream_of_a_page_that_cannot_say_when_begins_with_everything(owner: Account, said: str):
    client = AsyncClient(SERVER_NAME="localhost")
    await client.aforce_login(owner)
    answer = await client.get("/live", {"seen": said})
    parts = []
    async for part in answer.streaming_content:
        parts.append(part.decode())
        if len(parts) == 1 + len(TOPICS):
            break
    assert parts[0].startswith("retry: 1000\nid: ")
    assert [part.split("event: ")[1].split("\n")[0] for part in parts[1:]] == list(TOPICS)
