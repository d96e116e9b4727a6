"""manage.py downtime_follow: does on this host what is published to the fleet."""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management.base import CommandParser

from downtime.conf import conf
from downtime.files.harmless import one_line
from downtime.fleet.engine import LONGEST_ANSWER, Unreachable
from downtime.fleet.flag_keeper import FlagKeeper
from downtime.fleet.follower import Follower
from downtime.fleet.service_manager import notify
from downtime.management import arguments, fleet, page_file
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.page_file import NEUTRAL
from downtime.management.progress import pause

_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 0.05, 3600
_TIMEOUT = 5.0
_SHORTEST_ANSWER = 0.5
_LONGEST_TIMEOUT = 3600
_LONGEST_NAME = 200
_JITTER = 0.1
_NOTHING_PUBLISHED = 2


class _Terminated(BaseException):
    """SIGTERM has come."""


class Command(DowntimeCommand):
    """Follows until it is ended, or once."""

    help = (
        "Raises and lowers the flag of the fleet on this host as downtime_start --fleet and downtime_end --fleet "
        "publish it through the cache in DOWNTIME_FLEET_CACHE, until SIGTERM ends it, which leaves the flag as it "
        "is. Run it as a service or sidecar on each host; and with --once before the server starts on a host whose "
        "disk is empty: exits with 0 if the flag is as published, 2 if nothing was ever published, otherwise with 1."
    )
    examples = (
        "$ downtime_follow",
        "$ downtime_follow --once --timeout 10",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interval", metavar="SECONDS", default="1", help="how often to look; default: 1")
        parser.add_argument("--name", metavar="NAME", help="what this host is called; default: its host name")
        parser.add_argument("--once", action="store_true", help="look until it is known what was published, then end")
        what = f"with --once, how long to try; default: {_TIMEOUT:g}"
        parser.add_argument("--timeout", metavar="SECONDS", help=what)

    def handle(self, *args: Any, **options: Any) -> None:
        interval = arguments.convert("--interval", str(options["interval"]), _interval)
        timeout = _timeout(options)
        host = arguments.convert("--name", socket.gethostname() if options["name"] is None else options["name"], _name)
        longest = max(timeout, _SHORTEST_ANSWER) if options["once"] else LONGEST_ANSWER
        channel = fleet.open_channel(longest=longest)
        path = conf.fleet_flag_file
        if path is None:
            raise CommandError(
                "DOWNTIME_FLAG_FILE is [], so no flag counts, not even that of the fleet; name a file in it"
            )
        follower = Follower(channel, FlagKeeper(path, self._keep_page), host, conf.DOWNTIME_FLAG_FILE)
        if options["once"]:
            self._follow_once(follower, interval, timeout)
        else:
            self.tell(f"Following the fleet as {host}, every {interval:g} s, with the flag {path}.")
            self._follow(follower, interval)

    def _keep_page(self, text: str | None) -> tuple[str, ...]:
        """Keeps the page of the fleet's flag with that text, or the neutral one; returns what went wrong."""
        path = conf.DOWNTIME_FLEET_FLAG_FILE
        report = page_file.keep(lambda: NEUTRAL if text is None else page_file.subject_with(self.state(), path, text))
        return report.troubles

    def _follow(self, follower: Follower, interval: float) -> None:
        """Follows until SIGTERM or Ctrl-C ends it."""
        with _terminable():
            try:
                follower.poll()
                notify("READY=1")
                while True:
                    notify("WATCHDOG=1", f"STATUS={_status(follower)}")
                    pause(interval * random.uniform(1 - _JITTER, 1 + _JITTER))
                    follower.poll()
            except _Terminated:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it may sign off in peace
                self.tell("Ended by SIGTERM; the flag stays as it is.")
            finally:
                notify("STOPPING=1")
                follower.sign_off()

    def _follow_once(self, follower: Follower, interval: float, timeout: float) -> None:
        """Follows what is published as soon as it is known; ends the command if it can't be learnt."""
        deadline = time.monotonic() + timeout
        while lost := _why_not(follower):
            left = deadline - time.monotonic()
            if follower.refused or left <= 0:
                raise CommandError(f"{lost}; the flag stays as it is")
            pause(min(interval, left))
        if follower.accepted is None:
            lost = "nothing was ever published to this fleet; the flag stays as it is"
            raise CommandError(lost, returncode=_NOTHING_PUBLISHED)
        self.tell(f"{_status(follower)}.")


def _why_not(follower: Follower) -> str:
    """Makes it do what is published; returns why it can't, or an empty text if it has, or if nothing is published."""
    try:
        follower.learn()
    except Unreachable as error:
        return f"the cache of the fleet can't be asked: {error}"
    follower.keep_flag()
    return follower.refused or follower.trouble


def _status(follower: Follower) -> str:
    if follower.lost:
        return one_line(f"The cache of the fleet can't be asked: {follower.lost}")
    if follower.accepted is None:
        return "Nothing has been published to the fleet"
    verb = "lowered" if follower.accepted.flag is None else "raised"
    return f"The flag of the fleet is {verb}, as of publication {follower.accepted.serial}"


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM end the block wherever it is, by raising _Terminated; only the main thread is told of it."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if is_main else None
    try:
        yield
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: object) -> NoReturn:
    raise _Terminated


def _interval(text: str) -> float:
    return fleet.seconds(text, _SHORTEST_INTERVAL, _LONGEST_INTERVAL)


def _timeout(options: dict[str, Any]) -> float:
    if options["timeout"] is None:
        return _TIMEOUT
    if not options["once"]:
        raise CommandError("--timeout is given without --once; it says how long that tries, so give both")
    return arguments.convert(
        "--timeout", str(options["timeout"]), lambda text: fleet.seconds(text, 0, _LONGEST_TIMEOUT)
    )


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME:
        raise ValueError(f"it must have at most {_LONGEST_NAME} characters, all of which can be printed")
    return text
