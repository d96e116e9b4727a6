"""Requests over sockets: one connection after the other, each for as long as the server keeps it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple


class Answer(NamedTuple):
    """What came back; names and values of the head are in lower case."""

    status: int
    head: bytes

    def header(self, name: str) -> bytes:
        """What that header says, nothing without it."""
        return self.head.partition(f"\r\n{name}: ".encode())[2].split(b"\r\n")[0]


class Connections:
    """Connections to a server of this machine: a request takes one that is free, or opens another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, path: str, accept: str = "text/html") -> Answer:
        """The answer to a GET; raises if there is none."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n\r\n".encode()
        while self._free:
            reader, writer = self._free.pop()
            try:
                return await self._exchange(reader, writer, request)
            except (asyncio.IncompleteReadError, ConnectionError):  # the server has let go of it in between
                writer.close()
        return await self._exchange(*await asyncio.open_connection("127.0.0.1", self._port), request)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        answer = Answer(int(head.split(maxsplit=2)[1]), head)
        if length := answer.header("content-length"):
            await reader.readexactly(int(length))
        elif answer.header("transfer-encoding") == b"chunked":
            await reader.readuntil(b"0\r\n\r\n")
        else:
            await reader.read()
        if answer.header("connection") == b"close":
            writer.close()
        else:
            self._free.append((reader, writer))
        return answer

    def close(self) -> None:
        """Closes those that are free."""
        for _, writer in self._free:
            writer.close()
