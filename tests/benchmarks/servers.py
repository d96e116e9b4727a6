"""What needs processes of its own to be measured: booting with the guard, and the stand-in under uvicorn."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from tests.support.guarded import GuardedSite
from tests.support.harness import serving

_CONNECTIONS = 8
_SECONDS = 2.0


def boot() -> None:
    """The processor time until the application is there, with the guard to without; while up, and while down."""
    with tempfile.TemporaryDirectory() as folder:
        site = GuardedSite(Path(folder))
        plain = "from django.core.wsgi import get_wsgi_application as application; application()"
        guarded = "from guarded.server.wsgi import application"
        print(f"boot while up: {_ratio(site, guarded, plain, rounds=15)} of a boot without the guard")
        site.flag.touch()
        print(f"boot while down: {_ratio(site, guarded, plain, rounds=15)} of a boot without the guard")


def _ratio(site: GuardedSite, one: str, other: str, *, rounds: int) -> str:
    _cpu(site, one), _cpu(site, other)
    low, middle, high = quantiles(_cpu(site, one) / _cpu(site, other) for _ in range(rounds))
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def _cpu(site: GuardedSite, program: str) -> float:
    """Seconds of the processor that a program takes with all its children."""
    before = os.times()
    subprocess.run([sys.executable, "-c", program], env=site.environment, check=True, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def standing_in_under_uvicorn() -> None:
    """The throughput of the stand-in under uvicorn, to that of a Django middleware that returns a prebuilt 503."""
    with tempfile.TemporaryDirectory() as folder:
        sites = {}
        for name in ("stand-in", "prebuilt"):
            Path(folder, name).mkdir()
            sites[name] = GuardedSite(Path(folder, name))
        sites["stand-in"].page.write_text("<p>We are moving to faster disks.</p>" * 60)
        sites["stand-in"].flag.touch()
        sites["stand-in"].breaks("ready")
        sites["prebuilt"].prebuild()
        with _throughput(sites["stand-in"]) as one, _throughput(sites["prebuilt"]) as other:
            low, middle, high = quantiles(one() / other() for _ in range(9))
        print(f"stand-in under uvicorn: {middle:.2f} ({low:.2f} to {high:.2f}) times the throughput of a prebuilt 503")


@contextmanager
def _throughput(site: GuardedSite) -> Iterator[Callable[[], float]]:
    """Answers for each second of the server's processor."""
    with serving(site, "uvicorn", has_clean_log=False) as server:

        def measured() -> float:
            before = cpu_of(server.process.pid)
            count = asyncio.run(_load(server.port))
            return count / (cpu_of(server.process.pid) - before)

        measured()
        yield measured


def cpu_of(pid: int) -> float:
    """Seconds of the processor that the process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _load(port: int) -> int:
    until = time.monotonic() + _SECONDS
    return sum(await asyncio.gather(*(_ask(port, until) for _ in range(_CONNECTIONS))))


async def _ask(port: int, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 503 " in head
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count
