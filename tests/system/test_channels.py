"""The WebSocket consumer of the documentation, under real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.harness import free_port
from tests.support.programs import require
from tests.support.project import Project
from tests.support.readme import block
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

SERVERS = {
    "daphne": "python -m daphne --bind=127.0.0.1 --port={port} example.asgi:application",
    "uvicorn": "python -m uvicorn --host=127.0.0.1 --port={port} example.asgi:application",
}
ASGI = """
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
http = get_asgi_application()

from example.consumers import Chat

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("chat", Chat.as_asgi())])})
"""
CODE = 4503
CLOSED_WITHIN = 10.0  # two seconds, DOWNTIME_RECHECK, and some for a machine that does other work too


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    for needed in (request.param, "channels", "websockets"):
        require(needed)
    project = Project.made(tmp_path / "site")
    project.write("example/asgi.py", ASGI)
    project.write("example/consumers.py", block("class Chat").text)
    port = free_port()
    with project.running(SERVERS[request.param].format(port=port), "log"):
        server = Server(project, f"ws://127.0.0.1:{port}/chat")
        wait_until(server.is_listening, within=30, what="the server takes sockets")
        yield server
    log = (project.folder / "log").read_text()
    assert "Traceback" not in log, log
    assert "Exception" not in log, log


class Server:
    """A server of the project, as a browser sees it."""

    def __init__(self, project: Project, url: str) -> None:
        self.flag = project.flag
        self.url = url

    @contextmanager
    def connected(self) -> Iterator[ClientConnection]:
        from websockets.sync.client import connect

        with connect(self.url) as socket:
            yield socket

    def is_listening(self) -> bool:
        try:
            with self.connected():
                return True
        except OSError:
            return False

    def closes_at_once(self) -> bool:
        """Whether a new socket is closed, by the right code, and without an answer to what is sent."""
        from websockets.exceptions import ConnectionClosed

        with self.connected() as socket, suppress(ConnectionClosed):
            socket.send("hello")
            assert socket.recv(timeout=10) == "hello"
            return False
        assert socket.close_code == CODE
        return True


def test_sockets_are_closed_while_the_site_is_down(server: Server) -> None:
    """Those that are opened then, and those that were open before; once it is up, others stay open."""
    from websockets.exceptions import ConnectionClosed

    with server.connected() as before:
        before.send("hello")
        assert before.recv(timeout=10) == "hello"
        server.flag.touch()
        with suppress(ConnectionClosed):
            while True:  # from when the site is down no answer comes, until the socket is closed
                before.send("hello")
                before.recv(timeout=CLOSED_WITHIN)
        assert before.close_code == CODE
    assert all(server.closes_at_once() for _ in range(5))
    server.flag.unlink()
    wait_until(lambda: not server.closes_at_once(), within=10, what="a socket stays open")
    assert not server.closes_at_once()
