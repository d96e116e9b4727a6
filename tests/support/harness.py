"""Real servers of the small site: start one, ask it, switch it, end it."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.programs import ROOT, SERVERS, Server, require
from tests.support.waiting import wait_until

ENDS_WITHIN = 6.0  # far below programs.GRACE: nothing delayed a worker
STARTS_WITHIN = 20.0
SWITCHES_WITHIN = 2.0
ANSWERS_WITHIN = 10.0
# If the tests run in the background of a shell, SIGINT is ignored, and servers would inherit that.
DEFAULT_SIGINT = ("env", "--default-signal=INT")
STEADY_ROUNDS = 3  # rounds of requests after a switch, in which no worker may go back
MANAGE_WITHIN = 30.0


def is_alive(pid: int) -> bool:
    """Whether a thread of this process runs; a process that only waits for its parent to reap it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1
    return False


def gone(pids: Iterable[int], *, within: float) -> None:
    """Returns once these processes have ended; fails after `within` seconds."""
    wait_until(lambda: not any(map(is_alive, pids)), within=within, what=f"the processes {pids} have ended")


class Site:
    """The files of one site, and the environment that names them.

    Flag and schedule share a folder of their own; everything else is beside it. `settings` are additional ones.
    """

    package = "tests.support.site"
    """The package with the modules `wsgi` and `asgi`."""

    def __init__(
        self,
        folder: Path,
        *,
        recheck: float = 1.0,
        database: str = "",
        app: bool = True,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = folder
        self.watched = folder / "watched"
        self.watched.mkdir()
        self.flag = self.watched / "downtime.flag"
        self.schedule = self.watched / "downtime.yml"
        self.calls = folder / "database-calls"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDEVMODE": "",  # a server runs as in production, however the tests run
            "DJANGO_SETTINGS_MODULE": "tests.support.site.settings",
            "SITE_FLAG": str(self.flag),
            "SITE_SCHEDULE": str(self.schedule),
            "SITE_RECHECK": str(recheck),
            "SITE_APP": "downtime" if app else "",
            "SITE_DATABASE": database,
            "SITE_DATABASE_CALLS": str(self.calls),
            "SITE_SETTINGS": json.dumps(settings or {}),
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
    """The output of a command, which has to end in time and with exit code 0."""
    try:
        output, _ = command.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        command.kill()
        output, _ = command.communicate()
        pytest.fail(f"{command.args!r} did not end within {within:g} s: {output}")
    assert command.returncode == 0, output
    return output


class Answer(NamedTuple):
    """What a worker answered, and when on the monotonic clock."""

    status: int
    worker: int
    moment: float
    body: bytes


class Running:
    """A running server, and those of its workers that have answered so far."""

    def __init__(self, server: Server, process: subprocess.Popen[bytes], *, port: int, log: Path, count: int) -> None:
        self.server = server
        self.process = process
        self.port = port
        self.log = log
        self.count = count
        self.workers: set[int] = set()

    def ask(self, path: str = "/") -> Answer:
        """One answer over a fresh connection."""
        return received([self.connect(path)])[0]

    def round(self, size: int = 8, *, may_drop: bool = False) -> list[Answer]:
        """Answers to that many connections at once, so no single worker takes all."""
        connections = []
        for _ in range(size):
            # granian's port refuses or resets for a moment while its last old worker ends and the first new one begins.
            with suppress(*([ConnectionRefusedError, ConnectionResetError] if may_drop else [])):
                connections.append(self.connect())
        return received(connections, may_drop=may_drop)

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

    def meet(self, *, besides: Iterable[int] = ()) -> list[Answer]:
        """Every answer until all the workers have answered, not counting those that existed before.

        Earlier workers are ending, and may drop what they have accepted, as uWSGI's do."""
        answers: list[Answer] = []

        def is_complete() -> bool:
            answers.extend(self.round(may_drop=bool(besides)))
            self.workers = {answer.worker for answer in answers} - set(besides)
            return len(self.workers) == self.count

        wait_until(is_complete, within=STARTS_WITHIN, what=f"{self.count} workers answer")
        return answers

    def until_all(self, status: int, *, within: float = SWITCHES_WITHIN) -> float:
        """Seconds until the slowest worker gave that answer; none of them may go back.

        No request that is sent after `within` seconds may get another answer."""
        begun = time.monotonic()
        turned: dict[int, float] = {}
        while turned.keys() != self.workers:
            before, sent = set(turned), time.monotonic() - begun
            for answer in self.round():
                if answer.status == status:
                    turned.setdefault(answer.worker, answer.moment - begun)
                    continue
                assert answer.worker not in before, f"{answer.worker} went back to {answer.status}: {turned}"
                assert sent < within, f"{answer.worker} answered {answer.status} after {sent:.3f} s: {turned}"
            assert sent < within + ANSWERS_WITHIN, f"Not every worker answers: {turned} of {self.workers}"
        for _ in range(STEADY_ROUNDS):
            assert {answer.status for answer in self.round()} == {status}
        return max(turned.values())

    def first_answers(self) -> list[Answer]:
        """Every answer until each of the workers has answered at least once."""
        answers: list[Answer] = []

        def is_complete() -> bool:
            answers.extend(self.round())
            return {answer.worker for answer in answers} == self.workers

        wait_until(is_complete, within=STARTS_WITHIN, what=f"each of {self.workers} answers")
        return answers

    def reload(self) -> list[Answer]:
        """Every answer from SIGHUP until new workers have replaced all old ones."""
        old = set(self.workers)
        begun = time.monotonic()
        self.signal(signal.SIGHUP)
        answers = self.meet(besides=old)
        gone(old, within=begun + ENDS_WITHIN - time.monotonic())
        return answers

    def end(self, number: int = signal.SIGTERM, *, has_clean_log: bool = True) -> float:
        """Seconds from that signal until the server and its workers have ended, in time and without a traceback."""
        begun = time.monotonic()
        self.signal(number)
        wait_until(lambda: self.process.poll() is not None, within=ENDS_WITHIN, what="the server has ended")
        gone(self.workers, within=ENDS_WITHIN)
        log = self.log.read_text()
        if has_clean_log:
            assert "Traceback" not in log
            assert "RuntimeError" not in log
        return time.monotonic() - begun

    def signal(self, number: int) -> None:
        """Sends it that signal."""
        if self.process.poll() is not None:
            return
        if self.server.signals_group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def connect(self, path: str = "/") -> socket.socket:
        """A connection with a request in progress."""
        address = ("127.0.0.1", self.port)
        connection = socket.create_connection(address, timeout=ANSWERS_WITHIN)
        with ExitStack() as unless_sent:
            unless_sent.enter_context(connection)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            unless_sent.pop_all()
        return connection

    def is_listening(self) -> bool:
        """Whether the port accepts connections; fails if the server has ended."""
        assert self.process.poll() is None, self.log.read_text()
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False


def received(connections: list[socket.socket], *, may_drop: bool = False) -> list[Answer]:
    """The answers in the order of their arrival; each connection is closed at once.

    Gunicorn's gthread worker serves nobody while it waits for the close. A server that `may_drop` requests drops them
    together with a worker that it replaces.
    """
    answers: list[Answer] = []
    parts = dict.fromkeys(connections, b"")
    with ExitStack() as at_the_end:
        for connection in connections:
            at_the_end.callback(connection.close)
        while parts:
            ready, _, _ = select.select(list(parts), [], [], ANSWERS_WITHIN)
            assert ready, f"No answer within {ANSWERS_WITHIN:g} s."
            for connection in ready:
                with suppress(*([ConnectionError] if may_drop else [])):
                    if part := connection.recv(65536):
                        parts[connection] += part
                        continue
                connection.close()
                raw = parts.pop(connection)
                if raw or not may_drop:
                    answers.append(parsed(raw))
    return answers


def parsed(raw: bytes) -> Answer:
    """The answer in these bytes, as of now."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    assert lines, f"An answer without a head: {raw!r}"
    headers = dict(line.lower().split(": ", 1) for line in lines)
    worker = int(headers["x-worker"])
    return Answer(int(first.split()[1]), worker, time.monotonic(), body)


def do_all_watch(server: Running, workers: Iterable[int | str]) -> bool:
    """Whether each of these workers has logged that it watches."""
    lines = [line for line in server.log.read_text().splitlines() if " watches " in line]
    return all(any(f"[{worker}]" in line for line in lines) for worker in workers)


def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@contextmanager
def serving(
    site: Site,
    name: str,
    *,
    workers: int = 4,
    under: Iterable[str] = (),
    options: Iterable[str] = (),
    python: str = sys.executable,
    has_clean_log: bool = True,
) -> Iterator[Running]:
    """The named server of the site, listening; `under` is a tool to run it under, `options` are additional ones.

    If `python` belongs to another virtualenv, so does the server.

    SIGTERM ends it when the block ends, in time and with a clean log, unless the test does not expect that.
    """
    server = SERVERS[name]
    for needed in server.needs:
        require(needed)
    port = free_port()
    log = site.folder / "server.log"
    workers = min(workers, server.most_workers)
    environment = {**site.environment, **({"SITE_DATABASE": ":memory:"} if server.asks_database else {})}
    server.prepare(site.folder, {**environment, "PORT": str(port), "WORKERS": str(workers), "PACKAGE": site.package})
    filled_in = {"port": port, "workers": workers, "folder": site.folder, "package": site.package}
    command = [python if part == sys.executable else part.format(**filled_in) for part in server.command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*DEFAULT_SIGINT, *under, *command, *options],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(server, process, port=port, log=log, count=workers)
    try:
        wait_until(running.is_listening, within=STARTS_WITHIN, what="server listens")
        yield running
        running.end(has_clean_log=has_clean_log)
    except BaseException:
        print(log.read_text())
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
