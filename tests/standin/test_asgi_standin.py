import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from downtime.standin.answers import Answers
from downtime.standin.asgi_standin import StandIn
from downtime.standin.loader import Loader
from downtime.standin.options import Options

MakeOptions = Callable[..., Options]
THIS = os.getpid()


class Site:
    """An ASGI application that says so, and whose load takes a while and may fail."""

    is_broken = False

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.may_load = threading.Event()
        self.may_load.set()

    def load(self) -> Any:
        if self.is_broken:
            raise ImportError("No module named 'shop'")
        assert os.getpid() != THIS or self.may_load.wait(10)
        self.threads.append(threading.current_thread())
        return self.app

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "the site", "of": scope["type"]})


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def stand_in(options: MakeOptions, site: Site) -> StandIn:
    made = options(site.load)
    return StandIn(Answers(made), Loader(made))


def http(method: str = "GET", **headers: str) -> dict[str, Any]:
    """The scope of a request."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "headers": pairs}


async def asked(application: Any, scope: dict[str, Any], *received: str) -> list[Any]:
    """What the application has sent; it receives messages of those types."""
    sent: list[Any] = []
    messages = iter(received)

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return sent


async def test_while_the_site_is_down_each_request_gets_503(stand_in: StandIn, flag: Path) -> None:
    flag.write_text("Faster disks.")
    start, body = await asked(stand_in, http())
    headers = dict(start["headers"])
    assert (start["status"], headers[b"x-downtime"]) == (503, b"planned")
    assert b"Faster disks." in body["body"]
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert (await asked(stand_in, http("HEAD")))[1]["body"] == b""
    for headers_of_script in ({"accept": "application/json"}, {"sec_fetch_dest": "empty"}):
        _, body = await asked(stand_in, http("POST", **headers_of_script))
        assert json.loads(body["body"])["detail"] == "Faster disks.\nWhat was sent was not saved."


async def test_what_a_client_sends_is_taken_before_it_is_answered(stand_in: StandIn, flag: Path) -> None:
    """Else some servers reset the connection, and the client sees no answer."""
    flag.touch()
    parts = [{"type": "http.request", "more_body": True}] * 3 + [{"type": "http.request"}, {"type": "not asked for"}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        assert sent == []
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await stand_in(http("POST", content_length="9"), receive, send)
    assert (sent[0]["status"], len(parts)) == (503, 1)


async def test_who_leaves_while_sending_is_not_waited_for(stand_in: StandIn, flag: Path) -> None:
    flag.touch()
    start, _ = await asked(stand_in, http("POST", transfer_encoding="chunked"), "http.disconnect")
    assert start["status"] == 503


async def test_headers_that_come_twice_or_not_at_all_count_as_for_the_middleware(stand_in: StandIn, flag: Path) -> None:
    flag.touch()
    start, _ = await asked(stand_in, {"type": "http", "method": "GET"})
    assert dict(start["headers"])[b"content-type"].startswith(b"text/html")
    accepts = [(b"accept", b"text/html"), (b"accept", b"application/json;q=0.9")]
    start, _ = await asked(stand_in, {"type": "http", "method": "GET", "headers": accepts})
    assert dict(start["headers"])[b"content-type"].startswith(b"text/html")


def test_a_server_that_ends_during_a_load_logs_no_error_of_it(options: MakeOptions) -> None:
    made, told = options(lambda: time.sleep(0.3)), []

    async def serve() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        stand_in = StandIn(Answers(made), Loader(made))
        request = asyncio.ensure_future(asked(stand_in, http()))
        while stand_in._loading is None:
            await asyncio.sleep(0.01)
        request.cancel()

    asyncio.run(serve())
    assert told == []


async def test_a_websocket_is_closed_to_be_opened_later(stand_in: StandIn, flag: Path) -> None:
    flag.touch()
    scope = {"type": "websocket", "headers": []}
    assert await asked(stand_in, scope) == [{"type": "websocket.close", "code": 1013}]


async def test_the_lifespan_of_a_server_is_followed(stand_in: StandIn) -> None:
    sent = await asked(stand_in, {"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_once_the_site_is_up_it_is_loaded_in_a_thread_once_for_all_requests(
    stand_in: StandIn, site: Site, flag: Path
) -> None:
    """And one who leaves meanwhile does not stop it for the others."""
    site.may_load.clear()
    requests = [asyncio.create_task(asked(stand_in, http())) for _ in range(5)]
    while stand_in._loading is None:
        await asyncio.sleep(0.01)
    requests[0].cancel()
    site.may_load.set()
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [[{"type": "the site", "of": "http"}]] * 4
    assert len(site.threads) == 1
    assert site.threads[0] is not threading.main_thread()
    flag.touch()
    assert await asked(stand_in, {"type": "lifespan"}) == [{"type": "the site", "of": "lifespan"}]


async def test_a_site_that_can_not_be_loaded_once_it_is_up_is_an_error(
    stand_in: StandIn, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.is_broken = True
    start, _ = await asked(stand_in, http())
    assert start["status"] == 500
    assert "No module named 'shop'" in caplog.text
    assert await asked(stand_in, {"type": "websocket", "headers": []}) == [{"type": "websocket.close", "code": 1011}]


async def test_a_process_is_spoiled_by_a_load_that_fails_in_it_alone(options: MakeOptions, ended: list[int]) -> None:
    parent = os.getpid()

    def load() -> str:
        if os.getpid() == parent:
            raise RuntimeError("broken here")
        return "the site"

    made = options(load)
    start, _ = await asked(StandIn(Answers(made), Loader(made)), http())
    assert dict(start["headers"])[b"retry-after"] == b"1"
    assert ended == [1]


SPOILED = """
import asyncio, os, sys
from downtime.standin.answers import Answers
from downtime.standin.asgi_standin import StandIn
from downtime.standin.loader import Loader
from downtime.standin.options import checked

parent = os.getpid()

def load():
    if os.getpid() == parent:
        sys.exit("broken here")
    return "the site"

async def send(message):
    print(message["type"], message.get("status"), flush=True)

options = checked(sys.argv[1], None, None, None, None, 20, load)
stand_in = StandIn(Answers(options), Loader(options))
asyncio.run(stand_in({"type": "http", "method": "GET", "headers": []}, None, send))
print("still there")
"""


def test_a_spoiled_process_answers_once_more_and_ends(flag: Path) -> None:
    command = [sys.executable, "-c", SPOILED, str(flag)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (1, "http.response.start 503\nhttp.response.body None\n")
