"""Sends requests at moments that no server can shift: python -m tests.benchmarks.open_loop PORT RATE SECONDS PATH…

Prints one line for each request, in JSON. What a stall keeps waiting counts in full, as each latency counts from the
moment at which its request was due (the fault that others avoid so is called coordinated omission)."""

from __future__ import annotations

import asyncio
import json
import resource
import select
import selectors
import sys
import time
from typing import NamedTuple

from tests.benchmarks.exchange import Connections

_LEAD = 0.2


class Sent(NamedTuple):
    """A request that was answered; moments are in seconds on the monotonic clock."""

    path: str
    due: float
    sent: float
    done: float
    status: int
    retry_after: int
    """0 without that header."""


async def send(port: int, rate: float, seconds: float, paths: list[str]) -> list[Sent]:
    """Sends them, to the paths in turn, and waits for all the answers."""
    connections = Connections(port)

    async def ask(path: str, due: float) -> Sent:
        sent = time.monotonic()
        answer = await connections.ask(path)
        return Sent(path, due, sent, time.monotonic(), answer.status, int(answer.header("retry-after") or 0))

    begun, tasks = time.monotonic() + _LEAD, []
    for number in range(round(rate * seconds)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(ask(paths[number % len(paths)], due)))
    try:
        return await asyncio.gather(*tasks)
    finally:
        connections.close()


class _Precise(selectors.EpollSelector):
    """Wakes when it is time; epoll alone does so at whole milliseconds."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        select.select([self], [], [], None if timeout is None else max(0.0, timeout))
        return super().select(0)


def main(port: str, rate: str, seconds: str, *paths: str) -> None:
    """Prints what was sent."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # as each request of a stall has a connection
    loop = asyncio.SelectorEventLoop(_Precise())
    for sent in loop.run_until_complete(send(int(port), float(rate), float(seconds), list(paths))):
        print(json.dumps(sent))
    loop.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
