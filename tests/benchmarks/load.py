"""How many requests a server answers for each second of the processor that it takes, with all its processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.exchange import Answer, Connections
from tests.support.guarded import ask
from tests.support.harness import Running, Site, serving
from tests.support.releases import children

_CONNECTIONS = 8
_SECONDS = 1.5
_OF_THE_SERVER = {"connection", "date", "server", "transfer-encoding"}

Throughput = Callable[[], float]
"""Asks for a while, and returns the answers for each second of the server's processor."""


@contextmanager
def served(
    folder: Path, server: str, schedule: str, middleware: str, *, packages: Path | None = None, **settings: object
) -> Iterator[tuple[Site, Running]]:
    """A site with that middleware alone behind one worker of that server; it may import from the folder `packages`.

    The settings are those of the test site, except that it logs as a new project does."""
    folder.mkdir()
    fixed = {"ROOT_URLCONF": "tests.benchmarks.parts", "LOGGING": {}, "MIDDLEWARE": [middleware]}
    site = Site(folder, settings={**fixed, **settings})
    site.environment["PYTHONPATH"] += f":{packages or folder}"
    site.schedule.write_text(schedule)
    with serving(site, server, workers=1) as running:
        yield site, running


def throughput(
    server: Running, is_right: Callable[[Answer], bool], *, path: str = "/", accept: str = "text/html"
) -> Throughput:
    """That of the server for these requests, each of whose answers has to be right."""

    async def load() -> int:
        connections = Connections(server.port)
        until = time.monotonic() + _SECONDS

        async def visitor() -> int:
            count = 0
            while time.monotonic() < until:
                answer = await connections.ask(path, accept)
                assert is_right(answer), answer
                count += 1
            return count

        try:
            return sum(await asyncio.gather(*(visitor() for _ in range(_CONNECTIONS))))
        finally:
            connections.close()

    def measured() -> float:
        before = cpu_of_all(server.process.pid)
        return asyncio.run(load()) / (cpu_of_all(server.process.pid) - before)

    return measured


def recorded(server: Running, **headers: str) -> tuple[int, dict[str, str], str]:
    """What the app of that server answers, as parts.SameAnswer wants it: without what the server adds."""
    reply = ask(server.port, **headers)
    kept = {name: value for name, value in reply.headers.items() if name not in _OF_THE_SERVER}
    return reply.status, kept, reply.body


def cpu_of_all(pid: int) -> float:
    """Seconds of the processor that a server and its workers have taken."""
    return sum(map(cpu_of, [pid, *map(int, children(pid))]))


def cpu_of(pid: int) -> float:
    """Seconds of the processor that the process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
