"""What `downtime_status --fleet` shows: what is published, and which hosts follow, for people or programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.fleet.channel import Channel, Overview
from downtime.fleet.documents import Confirmation, Publication
from downtime.fleet.engine import Unreachable
from downtime.management import fleet
from downtime.management.base import DowntimeCommand
from downtime.management.fleet_wording import host_line, is_followed, publication_line, strangers_line
from downtime.management.output import CommandError, as_json
from downtime.management.page_file import flag_period
from downtime.management.wording import sentence
from downtime.schedule import converters
from downtime.schedule.periods import is_known

_OF_THIS_HOST = {"--all": "all", "--exit-code": "exit_code", "--at": "at", "--path": "path", "--method": "method"}


def show(command: DowntimeCommand, options: dict[str, Any]) -> None:
    """Shows it, and ends the command with 4 unless each known host follows, or with 1 if that is not known."""
    _check(options)
    channel = fleet.open_channel()
    try:
        if options["forget"] is not None:
            _forget(command, channel, options["forget"], is_told=not options["json"])
        overview = channel.overview()
    except Unreachable as error:
        raise CommandError(f"the cache of the fleet can't be asked: {error}") from error
    if options["json"]:
        command.write(as_json(_as_dict(overview)))
    else:
        for line in _lines(overview):
            command.tell(line)
    if code := _exit_code(overview):
        sys.exit(code)


def _check(options: dict[str, Any]) -> None:
    if not options["fleet"]:
        raise CommandError("--forget is given without --fleet; it is for the hosts of a fleet, so give both")
    for option, name in _OF_THIS_HOST.items():
        if options[name]:
            raise CommandError(f"{option} is given with --fleet; it is for the files of this host, so give only one")


def _forget(command: DowntimeCommand, channel: Channel, host: str, *, is_told: bool) -> None:
    if not channel.forget(host):
        raise CommandError(f"--forget is {converters.shown(host)}, and no host of that name is known")
    if is_told:
        command.tell(f"Forgot {host}; if downtime_follow still runs there, it says within seconds that it is there.")


def _exit_code(overview: Overview) -> int:
    if overview.refused:
        return 1
    # If what was published is lost, hosts may do different things, and nobody can tell which is right.
    is_one = overview.publication is not None or len({(host.key, host.trouble) for host in overview.hosts}) == 1
    follow = all(is_followed(host, overview.publication) for host in overview.hosts)
    return 0 if overview.hosts and is_one and follow else fleet.NOT_ALL


def _lines(overview: Overview) -> Iterator[str]:
    now = time.time()
    if overview.refused:
        yield f"What is published is not accepted here: {overview.refused}. Each host does what it was told before."
    elif overview.publication is None:
        yield "Nothing is published to the fleet. Each host does what it was told before."
    else:
        yield publication_line(overview.publication, now)
    for host in overview.hosts:
        yield host_line(host, overview.publication, now)
    if overview.hosts and overview.publication:
        confirmed = sum(is_followed(host, overview.publication) for host in overview.hosts)
        yield f"{confirmed} of {len(overview.hosts)} hosts have confirmed."
    if not overview.hosts or overview.strangers:
        yield sentence(strangers_line(overview.strangers, is_alone=not overview.hosts))


def _as_dict(overview: Overview) -> dict[str, Any]:
    return {
        "at": _iso(time.time()),
        "cache": conf.DOWNTIME_FLEET_CACHE,
        "publication": overview.publication and _publication(overview.publication),
        "refused": overview.refused or None,
        "hosts": [_host(host, overview.publication) for host in overview.hosts],
        "strangers": overview.strangers,
    }


def _publication(publication: Publication) -> dict[str, Any]:
    found: dict[str, Any] = {
        "serial": publication.serial,
        "at": _iso(publication.at),
        "by": publication.by,
        "raised": publication.flag is not None,
    }
    if publication.flag is not None:
        period = flag_period(publication.flag, datetime.fromtimestamp(publication.at, timezone.utc))
        found["end"] = _iso(period.end.timestamp()) if is_known(period.end) else None
        found["message"] = period.message or None
        found["read_only"] = period.read_only
        found["paths"] = list(period.prefixes)
    return found


def _host(host: Confirmation, publication: Publication | None) -> dict[str, Any]:
    return {
        "name": host.host,
        "confirmed": is_followed(host, publication),
        "serial": host.serial,
        "last_heard": _iso(host.at),
        "trouble": host.trouble or None,
        "own_flag": host.own_flag,
    }


def _iso(at: float) -> str:
    """The second in the project's time zone."""
    return datetime.fromtimestamp(at, get_default_timezone()).isoformat(timespec="seconds")
