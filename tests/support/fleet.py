"""A fleet: hosts, each of them a folder and a process, and an engine between them."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from downtime.fleet.channel import Channel
from downtime.fleet.documents import Publication
from downtime.fleet.engine import Engine
from downtime.fleet.publisher import publish
from tests.support.harness import MANAGE_WITHIN, Site
from tests.support.programs import ROOT
from tests.support.waiting import wait_until

DJANGO_REDIS = "django_redis.cache.RedisCache"
PYMEMCACHE = "django.core.cache.backends.memcached.PyMemcacheCache"
REDIS_CACHE = "django.core.cache.backends.redis.RedisCache"
FOLLOWS_WITHIN = 20.0
"""Seconds, enough for a busy machine; a hung engine costs five."""
ALIAS = "fleet"
PERSON = "anna@deploy-1"


class Flag(NamedTuple):
    """The fleet's flag on one host, and the identity of its file."""

    inode: int
    modified_ns: int
    text: str


def cache(backend: str, location: str, **options: object) -> dict[str, object]:
    """The entry in CACHES for such a cache."""
    return {"BACKEND": backend, "LOCATION": location, **({"OPTIONS": options} if options else {})}


class Host(Site):
    """A host of the fleet: its files, and its follower if that runs. The publisher is a host too."""

    def __init__(self, folder: Path, cache: Mapping[str, object], *, name: str = "", **more: object) -> None:
        folder.mkdir()
        default = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        values = {
            "SECRET_KEY": settings.SECRET_KEY,
            "CACHES": {"default": default, ALIAS: dict(cache)},
            "DOWNTIME_FLEET_CACHE": ALIAS,
            "DOWNTIME_FLEET_FLAG_FILE": str(folder / "watched" / "downtime.fleet.flag"),
            **more,
        }
        super().__init__(folder, recheck=0.2, settings=values)
        self.name = name or folder.name
        self.log = folder / "follow.log"
        self.log.touch()
        self.fleet_flag = folder / "watched" / "downtime.fleet.flag"
        self.process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._notify_name = f"downtime-{secrets.token_hex(8)}"
        self._notified: socket.socket | None = None

    @contextmanager
    def following(
        self, *, under: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Its follower, which is killed when the block ends unless it has ended; `under` is a tool to run it under."""
        notify = {"NOTIFY_SOCKET": f"@{self._notify_name}", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "django", "downtime_follow", "--interval=0.2", f"--name={self.name}"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, self.log.open("ab") as log:
            notified.bind(f"\0{self._notify_name}")
            self._notified = notified
            process = self.process = subprocess.Popen(
                [*under, *command],
                cwd=ROOT,
                env={**self.environment, **notify, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            except BaseException:
                print(f"{self.name}:\n{self.log.read_text()}")
                raise
            finally:
                process.kill()
                process.wait()
        assert "Traceback" not in self.log.read_text()

    def hang(self) -> None:
        """Suspends its follower."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Lets its follower go on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def notices(self) -> list[str]:
        """What its follower has told the service manager since the last call: one notice per look if it follows."""
        assert self._notified is not None
        found = []
        with suppress(BlockingIOError):
            while True:
                found.append(self._notified.recv(65536, socket.MSG_DONTWAIT).decode())
        return found

    def next_notices(self) -> list[str]:
        """The same, once there is a notice."""
        found: list[str] = []

        def is_something() -> bool:
            found.extend(self.notices())
            return bool(found)

        wait_until(is_something, within=FOLLOWS_WITHIN, what=f"{self.name} tells the service manager something")
        return found

    def looks(self) -> int:
        """How often its follower has looked, and acted on that, since the last call."""
        return sum("STATUS=" in notice for notice in self.notices())

    def forget_log(self) -> None:
        """Makes `heard` ignore what its follower has logged so far."""
        self._read = self.log.stat().st_size

    def heard(self, text: str) -> int:
        """How many lines with that text its follower has logged since `forget_log`."""
        with self.log.open() as log:
            log.seek(self._read)
            return sum(text in line for line in log)

    def until_heard(self, text: str) -> None:
        """Returns once its follower has logged a line with that text since `forget_log`."""
        wait_until(lambda: self.heard(text) > 0, within=FOLLOWS_WITHIN, what=f"{self.name} logs {text!r}")

    def flag_of_fleet(self) -> Flag | None:
        """The fleet's flag on this host now; None if it is not raised."""
        try:
            status, text = self.fleet_flag.lstat(), self.fleet_flag.read_text()
        except FileNotFoundError:
            return None
        return Flag(status.st_ino, status.st_mtime_ns, text)

    def is_as(self, publication: Publication) -> bool:
        """Whether its flag is the published one, with the time of the publication."""
        flag = self.flag_of_fleet()
        if flag is None or publication.flag is None:
            return flag is publication.flag
        return flag.text == publication.flag and abs(flag.modified_ns - publication.at * 1e9) < 10_000

    def run(self, *arguments: str, code: int = 0, environment: Mapping[str, str] | None = None) -> str:
        """The output of a `manage.py` command on this host, which has to end with that exit code."""
        command = self.start_manage(*arguments, environment=environment)
        try:
            output, _ = command.communicate(timeout=MANAGE_WITHIN)
        finally:
            command.kill()
        assert command.returncode == code, f"{arguments} ended with {command.returncode}: {output}"
        return output

    def answers(self, *, environment: Mapping[str, str] | None = None) -> int:
        """The status of a request that a newly started process of this host answers."""
        script = "import django; django.setup()\nfrom django.test import Client\nprint(Client().get('/').status_code)"
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**self.environment, **(environment or {})},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=MANAGE_WITHIN,
        )
        return int(done.stdout.split()[-1])


def until_looked(hosts: Iterable[Host], times: int = 2) -> None:
    """Returns once each of them has looked that many times from now on, and has acted on it."""
    counts = dict.fromkeys(hosts, 0)
    for host in counts:
        host.notices()

    def is_enough() -> bool:
        for host in counts:
            counts[host] += host.looks()
        return min(counts.values()) > times  # the first look of each may have begun before

    wait_until(is_enough, within=FOLLOWS_WITHIN, what=f"each host looks {times} times")


class Fleet:
    """Hosts that follow, and one that publishes."""

    def __init__(self, hosts: Sequence[Host], publisher: Host, cache: Mapping[str, object]) -> None:
        self.hosts, self.publisher = hosts, publisher
        self.engine = Engine(dict(cache))
        self.channel = Channel(self.engine)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *error: object) -> None:
        self.engine.close()

    def tell(self, flag: str | None) -> Publication:
        """Publishes from this very process, which is quick; returns the publication once each host has confirmed it."""
        rollout = publish(self.channel, flag, PERSON)

        def have_confirmed() -> bool:
            rollout.look()
            return not rollout.missing and rollout.count == len(self.hosts)

        wait_until(have_confirmed, within=FOLLOWS_WITHIN, what="every host has confirmed")
        assert all(host.is_as(rollout.publication) for host in self.hosts)
        return rollout.publication

    def flags(self) -> dict[str, Flag | None]:
        """The fleet's flag on each host."""
        return {host.name: host.flag_of_fleet() for host in self.hosts}

    def each_heard(self, text: str) -> list[int]:
        """How many lines with that text each host has logged since `forget_logs`."""
        return [host.heard(text) for host in self.hosts]

    def until_each_heard(self, text: str) -> None:
        """Returns once each host has logged a line with that text."""
        for host in self.hosts:
            host.until_heard(text)

    def until_each_looked(self, times: int = 2) -> None:
        """Returns once each host has looked that many times from now on, and has acted on it."""
        until_looked(self.hosts, times)

    def forget_logs(self) -> None:
        """Makes `each_heard` ignore what was logged so far."""
        for host in self.hosts:
            host.forget_log()


@contextmanager
def fleet_of(folder: Path, cache: Mapping[str, object], *names: str) -> Iterator[Fleet]:
    """Following hosts with these names, which know that they are up."""
    hosts = [Host(folder / name, cache) for name in names]
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(host.following())
        fleet = stack.enter_context(Fleet(hosts, Host(folder / "publisher", cache), cache))
        fleet.tell(None)
        yield fleet
