"""What the commands that reach a whole fleet share: their options, the channel, and waiting for the hosts."""

from __future__ import annotations

import getpass
import math
import os
import socket
import time
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from downtime.checks.fleet import cache_conflict
from downtime.conf import conf
from downtime.fleet.channel import Channel
from downtime.fleet.engine import LONGEST_ANSWER, Engine, Unreachable
from downtime.fleet.publisher import NotPublished, Overtaken, Rollout, publish
from downtime.management import arguments
from downtime.management.base import DowntimeCommand
from downtime.management.fleet_wording import flag_words, host_line, publication_line, strangers_line
from downtime.management.output import CommandError
from downtime.management.progress import LONGEST_SLEEP, Progress
from downtime.management.schedule_edit import NOTHING_CHANGED
from downtime.schedule.site_status import names_of

_WAIT = 10.0
_LONGEST_WAIT = 86_400
_PAUSE = 0.25
NOT_ALL = 4
"""The exit code if not every host has confirmed, or if none is known."""
_SHOWS = "manage.py downtime_status --fleet shows what is published"


def add_options(parser: CommandParser) -> None:
    """Adds the options to reach all hosts, and to say how long to wait for them."""
    parser.add_argument("--fleet", action="store_true", help="on every host that runs downtime_follow")
    what = f"with --fleet, how long to wait until each host has confirmed; default: {_WAIT:g}"
    parser.add_argument("--wait", metavar="SECONDS", help=what)


def waiting_time(options: dict[str, Any]) -> float | None:
    """The seconds to wait for the fleet; None for --no-wait. Ends the command if the options contradict each other."""
    if options["wait"] is None:
        return None if options["no_wait"] else _WAIT
    if not options["fleet"]:
        raise CommandError("--wait is given without --fleet; it is for the hosts of a fleet, so give both")
    if options["no_wait"]:
        raise CommandError("--wait and --no-wait are both given; give only one of them")
    return arguments.convert("--wait", str(options["wait"]), lambda text: seconds(text, 0, _LONGEST_WAIT))


def seconds(text: str, least: float, most: float) -> float:
    """A number of seconds from the least to the most; raises ValueError for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise ValueError(f"it must be a number of seconds from {least:g} to {most:g}")
    return number


def open_channel(*, longest: float = LONGEST_ANSWER) -> Channel:
    """The channel of the fleet, on which no answer takes longer; ends the command if there is no fleet."""
    alias = conf.DOWNTIME_FLEET_CACHE
    if alias is None:
        raise CommandError(
            "DOWNTIME_FLEET_CACHE is not set, so there is no fleet; set it to the alias in CACHES of a Redis or a "
            "Memcached that every host reaches"
        )
    if conflict := cache_conflict(alias):
        raise CommandError(f"DOWNTIME_FLEET_CACHE is {alias!r}, but {conflict}; manage.py check says what to set")
    return Channel(Engine(settings.CACHES[alias], longest=longest))


def person_and_host() -> str:
    """Who runs this command, and on which host, as in anna@deploy-1."""
    try:
        person = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user that the system has no name for
        person = f"user {os.getuid()}"
    return f"{person}@{socket.gethostname()}"


def announce(command: DowntimeCommand, flag: str | None, wait: float | None) -> Rollout:
    """Publishes a flag with that text, or None to lower it, and waits until each host has confirmed.

    Ends the command with 1 if it can't be confirmed that it was published, with 4 if not every host has confirmed."""
    channel = open_channel()
    try:
        with Progress(command, lasts=0) as progress:
            progress.show("Waiting for the cache of the fleet")
            rollout = publish(channel, flag, person_and_host())
    except Unreachable as error:
        raise CommandError(f"nothing was published, as the cache of the fleet can't be asked: {error}") from error
    except NotPublished as error:
        raise CommandError(
            f"it can't be confirmed that this was published: {error}; an engine that hangs may still apply it",
            _SHOWS,
        ) from error
    except Overtaken as error:
        raise _overtaken(error) from error
    command.tell(publication_line(rollout.publication, time.time()))
    if wait is not None:
        if not rollout.is_whole:
            command.tell(f"The cache is new or was emptied; waiting {wait:g} s for hosts to say that they are there.")
        _wait(command, rollout, wait)
        # By then, no process of these hosts decides a new request by what was there before.
        command.wait(1)
    return rollout


def tell_own_flags(command: DowntimeCommand, hosts: Iterable[str]) -> None:
    """Says what brings back these hosts, on which a flag of their own is raised."""
    for host in hosts:
        command.tell(f"On {host}, a flag of its own is raised; {command.program} downtime_end lowers it there.")


def preview(command: DowntimeCommand, flag: str | None, wait: float | None) -> None:
    """Says what `announce` would publish, which hosts are known, and which a flag of their own would keep down.

    Publishes nothing. Ends the command with 1 if the cache can't be asked, with 4 if no host is known."""
    try:
        overview = open_channel().overview()
    except Unreachable as error:
        raise CommandError(f"nothing can be published, as the cache of the fleet can't be asked: {error}") from error
    now = datetime.now(timezone.utc)
    command.tell(f"Would publish: {flag_words(flag, now, now)}")
    if overview.hosts:
        command.tell(f"These hosts are known: {names_of(host.host for host in overview.hosts)}.")
    if flag is None:
        tell_own_flags(command, [host.host for host in overview.hosts if host.own_flag])
    command.tell(NOTHING_CHANGED)
    if not overview.hosts and wait is not None:
        raise CommandError(strangers_line(overview.strangers, is_alone=True), returncode=NOT_ALL)


def _overtaken(error: Overtaken) -> CommandError:
    if error.publication is None:
        what = "something that is signed with another SECRET_KEY, or by another version of django-downtime"
    else:
        what = publication_line(error.publication, time.time())
    return CommandError(f"somebody else has published since: {what}", _SHOWS)


def _wait(command: DowntimeCommand, rollout: Rollout, wait: float) -> None:
    lost = _look_until(command, rollout, wait)
    if lost:
        command.warn(f"The cache of the fleet can't be asked any more: {lost}.")
    if rollout.count == 0:
        raise CommandError(strangers_line(rollout.strangers, is_alone=True), returncode=NOT_ALL)
    confirmed = f"{rollout.count - len(rollout.missing)} of {rollout.count} hosts have confirmed"
    if rollout.missing:
        now = time.time()
        lines = [host_line(host, rollout.publication, now) for host in rollout.missing]
        raise CommandError(f"{confirmed} within {wait:g} s; not these:", *lines, returncode=NOT_ALL)
    command.tell(f"{confirmed}.")


def _look_until(command: DowntimeCommand, rollout: Rollout, wait: float) -> str:
    """Looks until every host has confirmed, or for that long; returns why the cache could not be asked last, if so."""
    deadline = time.monotonic() + wait
    with Progress(command, lasts=wait) as progress:
        while True:
            began, lost = time.monotonic(), ""
            try:
                rollout.look()
            except (Unreachable, NotPublished) as error:
                lost = str(error)
            except Overtaken as error:
                raise _overtaken(error) from error
            left = deadline - time.monotonic()
            if left <= 0 or rollout.is_complete:
                return lost
            confirmed = f"{rollout.count - len(rollout.missing)} of {rollout.count} hosts have confirmed"
            progress.show(f"{confirmed}, {math.ceil(left)} s left")
            # With many hosts, a look may take long; the pause keeps the cache from being busy with nothing else.
            time.sleep(min(left, LONGEST_SLEEP, max(_PAUSE, time.monotonic() - began)))
