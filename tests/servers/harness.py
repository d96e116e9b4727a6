"""Real servers over the small site: start one, ask it, switch it, end it.

To add a server: one line in `SERVERS`. What it needs is installed, or its tests
skip; under `CI=true` they fail.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
GRACE = 25  # seconds that a server gives its workers to end
ENDS_WITHIN = 6.0  # far below GRACE: nothing held a worker up
STARTS_WITHIN = 20.0
SWITCHES_WITHIN = 2.0
ANSWERS_WITHIN = 10.0
STEADY_ROUNDS = 10  # rounds of requests after a switch in which none may go back
MANAGE_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """How to start one kind of server; `{port}` and `{workers}` are filled in."""

    name: str
    module: str
    options: tuple[str, ...]
    needs: tuple[str, ...]
    watches: bool

    def command(self, *, port: int, workers: int) -> list[str]:
        """The command line that serves on a port of the loopback address."""
        options = [part.format(port=port, workers=workers) for part in self.options]
        return [sys.executable, "-m", self.module, *options]


def gunicorn(name: str, *options: str, needs: str = "gunicorn", watches: bool = True) -> Server:
    """gunicorn over WSGI."""
    common = (
        "--bind=127.0.0.1:{port}",
        "--workers={workers}",
        f"--graceful-timeout={GRACE}",
        "--no-control-socket",
        "--log-level=warning",
        "tests.servers.site.wsgi",
    )
    return Server(name, "gunicorn", (*options, *common), ("gunicorn", needs), watches)


def uvicorn(name: str, *options: str) -> Server:
    """uvicorn over ASGI."""
    common = (
        "--host=127.0.0.1",
        "--port={port}",
        "--workers={workers}",
        f"--timeout-graceful-shutdown={GRACE}",
        "--log-level=warning",
        "tests.servers.site.asgi:application",
    )
    return Server(name, "uvicorn", (*options, *common), ("uvicorn",), watches=True)


SERVERS = {
    server.name: server
    for server in (
        gunicorn("gunicorn sync"),
        gunicorn("gunicorn sync --preload", "--preload"),
        gunicorn("gunicorn gthread", "--worker-class=gthread", "--threads=4"),
        gunicorn("gunicorn gevent", "--worker-class=gevent", needs="gevent", watches=False),
        gunicorn("gunicorn gevent --preload", "--worker-class=gevent", "--preload", needs="gevent", watches=False),
        uvicorn("uvicorn"),
    )
}


def require(needed: str) -> None:
    """Skip without this tool or module; in CI that is a failure."""
    if shutil.which(needed) or find_spec(needed):
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{needed} is not installed, and in CI every test has to run.")
    pytest.skip(f"{needed} is not installed.")


def wait_until(condition: Callable[[], bool], *, within: float, what: str) -> float:
    """Seconds until the condition held; fails after `within`."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > within:
            pytest.fail(f"Not within {within:g} s: {what}")
        time.sleep(0.005)
    return time.monotonic() - begun


def is_alive(pid: int) -> bool:
    """Whether a process with this pid is there."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


class Site:
    """The files of one site, and the environment that names them.

    Flag and schedule share a folder of their own; everything else lies beside it.
    """

    def __init__(self, folder: Path, *, recheck: float = 1.0, database: str = "") -> None:
        self.folder = folder
        self.watched = folder / "watched"
        self.watched.mkdir()
        self.flag = self.watched / "downtime.flag"
        self.schedule = self.watched / "downtime.yml"
        self.calls = folder / "database-calls"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDEVMODE": "",  # a server runs as in production, whatever the tests run under
            "DJANGO_SETTINGS_MODULE": "tests.servers.site.settings",
            "SITE_FLAG": str(self.flag),
            "SITE_SCHEDULE": str(self.schedule),
            "SITE_RECHECK": str(recheck),
            "SITE_DATABASE": database,
            "SITE_DATABASE_CALLS": str(self.calls),
        }

    def start_manage(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A running `manage.py` command of this site."""
        return subprocess.Popen(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env={**self.environment, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def manage(self, *arguments: str) -> str:
        """The output of a `manage.py` command that has to succeed."""
        return finished(self.start_manage(*arguments))

    def database_calls(self) -> int:
        """How many connections the site's processes have asked for."""
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


def finished(command: subprocess.Popen[str], *, within: float = MANAGE_WITHIN) -> str:
    """The output of a command that ends in time and with exit code 0."""
    try:
        output, _ = command.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        command.kill()
        output, _ = command.communicate()
        pytest.fail(f"{command.args!r} did not end within {within:g} s: {output}")
    assert command.returncode == 0, output
    return output


class Answer(NamedTuple):
    """What a worker answered, and at which moment of the monotonic clock."""

    status: int
    worker: int
    moment: float
    body: bytes


class Running:
    """A server that is up, and the workers of it that have answered so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.workers: set[int] = set()

    def ask(self, path: str = "/") -> Answer:
        """One answer over a fresh connection."""
        return received([self.connect(path)])[0]

    def round(self, size: int = 8) -> list[Answer]:
        """Answers to as many connections at once, so that no single worker takes all."""
        return received([self.connect() for _ in range(size)])

    def rounds(self, count: int) -> list[Answer]:
        """That many answers, taken in rounds."""
        answers: list[Answer] = []
        while len(answers) < count:
            answers += self.round()
        return answers

    def rounds_for(self, seconds: float) -> list[Answer]:
        """Answers taken in rounds for that time."""
        answers: list[Answer] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answers += self.round()
        return answers

    def meet(self, count: int, *, besides: Iterable[int] = ()) -> list[Answer]:
        """Every answer until `count` workers have answered that were not there before."""
        answers: list[Answer] = []

        def is_complete() -> bool:
            answers.extend(self.round())
            self.workers = {answer.worker for answer in answers} - set(besides)
            return len(self.workers) == count

        wait_until(is_complete, within=STARTS_WITHIN, what=f"{count} workers answer")
        return answers

    def until_all(self, status: int, *, within: float = SWITCHES_WITHIN) -> float:
        """Seconds until the slowest worker answered so; none of them may go back."""
        begun = time.monotonic()
        turned: dict[int, float] = {}
        while turned.keys() != self.workers:
            before = set(turned)
            for answer in self.round():
                if answer.status == status:
                    turned.setdefault(answer.worker, answer.moment - begun)
                assert answer.status == status or answer.worker not in before, (
                    f"{answer.worker} went back to {answer.status}: {turned}"
                )
            assert time.monotonic() - begun < within, f"Not every worker answers {status}: {turned} of {self.workers}"
        for _ in range(STEADY_ROUNDS):
            assert {answer.status for answer in self.round()} == {status}
        return max(turned.values())

    def reload(self) -> list[Answer]:
        """Every answer from SIGHUP until new workers have replaced all old ones."""
        old = set(self.workers)
        self.process.send_signal(signal.SIGHUP)
        begun = time.monotonic()
        answers = self.meet(len(old), besides=old)
        wait_until(
            lambda: not any(map(is_alive, old)),
            within=begun + ENDS_WITHIN - time.monotonic(),
            what=f"the old workers {old} are gone after SIGHUP",
        )
        return answers

    def end(self) -> None:
        """SIGTERM; the server and its workers end in time, without a traceback."""
        self.process.terminate()
        self.process.wait(timeout=ENDS_WITHIN)
        assert not any(map(is_alive, self.workers))
        assert "Traceback" not in self.log.read_text()

    def connect(self, path: str = "/") -> socket.socket:
        """A connection with a request on its way."""
        address = ("127.0.0.1", self.port)
        connection = socket.create_connection(address, timeout=ANSWERS_WITHIN)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return connection

    def is_listening(self) -> bool:
        """Whether the port takes connections; fails where the server has ended."""
        assert self.process.poll() is None, self.log.read_text()
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False


def received(connections: list[socket.socket]) -> list[Answer]:
    """The answers in the order of their arrival; each connection is closed at once.

    At once, because gunicorn's gthread worker serves nobody while it waits for that.
    """
    answers: list[Answer] = []
    parts = dict.fromkeys(connections, b"")
    while parts:
        ready, _, _ = select.select(list(parts), [], [], ANSWERS_WITHIN)
        assert ready, f"No answer within {ANSWERS_WITHIN:g} s."
        for connection in ready:
            part = connection.recv(65536)
            parts[connection] += part
            if not part:
                connection.close()
                answers.append(parsed(parts.pop(connection)))
    return answers


def parsed(raw: bytes) -> Answer:
    """The answer that these bytes are, as of now."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    assert lines, f"An answer without a head: {raw!r}"
    headers = dict(line.lower().split(": ", 1) for line in lines)
    worker = int(headers["x-worker"])
    return Answer(int(first.split()[1]), worker, time.monotonic(), body)


def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@contextmanager
def serving(site: Site, name: str, *, workers: int = 4, under: Iterable[str] = ()) -> Iterator[Running]:
    """The named server over the site, listening; `under` is a tool to run it under.

    It ends by SIGTERM with the block, in time and with a clean log.
    """
    server = SERVERS[name]
    for needed in server.needs:
        require(needed)
    port = free_port()
    log = site.folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*under, *server.command(port=port, workers=workers)],
            cwd=ROOT,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(process, port, log)
    try:
        wait_until(running.is_listening, within=STARTS_WITHIN, what="server listens")
        yield running
        running.end()
    except BaseException:
        print(log.read_text())
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
