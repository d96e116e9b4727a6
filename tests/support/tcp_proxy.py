"""A proxy between a client and a server, which makes the server slow, or makes it hang at a chosen moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STARTS_WITHIN = 10.0
_PAUSE = 0.005


class Proxy:
    """The proxy, which passes data on in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.delay = 0.0
        """Extra seconds for each answer."""
        self.hangs_at: tuple[bytes, ...] = ()
        """Texts; from the next question that contains all of them on, nothing is answered."""
        self.swallows = False
        """Whether that question and everything sent after it get lost; otherwise only the answers do."""
        self.hangs = False
        self.hangs_once = False
        """Whether only that one connection then hangs."""
        self.holds = False
        """Whether that question is held back, without any other effect, while this is set."""
        self._is_ready = threading.Event()
        self._ends = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="proxy", daemon=True)

    def start(self) -> None:
        """Returns once it listens on its port."""
        self._thread.start()
        assert self._is_ready.wait(_STARTS_WITHIN)

    def stop(self) -> None:
        """Closes every connection, and ends its thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()

    def go_on(self) -> None:
        """Passes questions on again; what was lost stays lost."""
        self.hangs_at, self.hangs = (), False

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._ends.wait()
        server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", self._target)
        hangs = asyncio.Event()
        try:
            ways = (self._pass_questions(reader, questions, hangs), self._pass_answers(answers, writer, hangs))
            await asyncio.wait([asyncio.ensure_future(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
        finally:
            writer.close()
            questions.close()

    async def _pass_questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hangs: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.hangs_at and all(part in data for part in self.hangs_at):
                    self.hangs_at = ()
                    if not self.holds:
                        hangs.set()
                        self.hangs = not self.hangs_once
                while self.holds and not self.hangs_at:
                    await asyncio.sleep(_PAUSE)
                if not (self.swallows and (self.hangs or hangs.is_set())):
                    writer.write(data)

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hangs: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                if not (self.hangs or hangs.is_set()):
                    writer.write(data)


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy for the server on that port, which ends with the block."""
    proxy = Proxy(port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
