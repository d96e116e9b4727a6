"""Real cache engines, on the loopback address and only in memory, and what can happen to them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.harness import free_port
from tests.support.programs import located, require
from tests.support.waiting import wait_until

_STARTS_WITHIN = 20.0
_ANSWERS_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of engine; `{port}` is filled in."""

    command: tuple[str, ...]
    ping: str
    pong: str
    flush: str
    location: str


REDIS = Kind(
    ("redis-server", "--bind", "127.0.0.1", "--port", "{port}", "--save", "", "--appendonly", "no"),
    "PING",
    "+PONG",
    "FLUSHALL",
    "redis://127.0.0.1:{port}/0",
)
MEMCACHED = Kind(
    ("memcached", "--listen=127.0.0.1", "--port={port}", "--udp-port=0", "--threads=1"),
    "version",
    "VERSION",
    "flush_all",
    "127.0.0.1:{port}",
)


class Engine:
    """One engine; it comes back on the same port, empty."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        require(kind.command[0])
        self._kind, self._folder = kind, folder
        self.port = free_port()
        self.location = kind.location.format(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and returns once it answers."""
        program, *options = [part.format(port=self.port) for part in self._kind.command]
        if program == "memcached" and os.geteuid() == 0:  # which refuses to run as root
            options.append("--user=nobody")
        with (self._folder / "engine.log").open("ab") as log:
            self._process = subprocess.Popen(
                [located(program), *options], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._is_ready, within=_STARTS_WITHIN, what=f"{program} takes questions")

    def stop(self) -> None:
        """Ends it at once, even if it hangs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs it until the block ends."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def restart(self) -> None:
        """Ends it, and starts it empty."""
        self.stop()
        self.start()

    def hang(self) -> None:
        """Makes it accept connections and answer nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Makes it answer again, including what it was asked in the meantime."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Removes everything that it holds."""
        assert self.ask(self._kind.flush).endswith("OK")

    def ask(self, command: str) -> str:
        """The first line of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_ANSWERS_WITHIN) as connection:
            connection.sendall(f"{command}\r\n".encode())
            with connection.makefile("r") as answer:
                return answer.readline().strip()

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "engine.log").read_text()
        with suppress(OSError):
            return self.ask(self._kind.ping).startswith(self._kind.pong)
        return False

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def running(kind: Kind, folder: Path) -> Iterator[Engine]:
    """An engine of that kind, which ends with the block; its log is in the folder."""
    engine = Engine(kind, folder)
    with engine.running():
        yield engine
