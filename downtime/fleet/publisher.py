"""Publishes to the fleet, and finds out who has followed."""

from __future__ import annotations

import random
import time

from downtime.fleet.channel import Channel, Overview
from downtime.fleet.documents import Confirmation, Publication, new_token
from downtime.fleet.engine import Unreachable

_LOOKS = 5
"""How often it checks that what it wrote is there: a replica may learn of it later."""
_PAUSE = 0.2
_ROUNDS = 10
"""How often it takes a new serial while others publish at the same time."""


class NotPublished(Exception):
    """It can't be confirmed that the flag was published; the message says why."""


class Overtaken(Exception):
    """Somebody else has published since."""

    def __init__(self, publication: Publication | None) -> None:
        """The other publication; None if it is not accepted here."""
        super().__init__(publication)
        self.publication = publication


def publish(channel: Channel, flag: str | None, by: str) -> Rollout:
    """Publishes the flag with a higher serial than any that anybody knows, and reads it back.

    Raises Unreachable if nothing was published, otherwise NotPublished or Overtaken."""
    return Rollout(channel, *_publish(channel, flag, by))


def _publish(channel: Channel, flag: str | None, by: str) -> tuple[Publication, Overview]:
    before = channel.overview()
    for _ in range(_ROUNDS):
        serial = channel.take_serial(above=before.highest)
        publication = Publication(serial, new_token(), time.time(), by, flag)
        if _write(channel, publication):
            return publication, before
        # Somebody has taken a higher serial, and has published before this one or will do so.
        time.sleep(random.uniform(0, _PAUSE))
    raise NotPublished("others publish at the same time, again and again")


def _write(channel: Channel, publication: Publication) -> bool:
    """Whether its serial is still the highest once it is in its place."""
    trouble = "the cache holds something else, or nothing, after it was written"
    try:
        channel.put(publication)
    except Unreachable as error:
        trouble = str(error)
    try:
        for look in range(_LOOKS):
            if look:
                time.sleep(_PAUSE)
            is_there, is_highest = channel.stands(publication)
            if is_there:
                return is_highest
        other = channel.overview().publication
    except Unreachable as error:
        raise NotPublished(str(error)) from error
    if other is not None and other.serial > publication.serial:
        raise Overtaken(other)
    raise NotPublished(trouble)


class Rollout:
    """What becomes of a publication: who has followed, and who has not."""

    def __init__(self, channel: Channel, publication: Publication, before: Overview) -> None:
        """`before` is what the cache knew when it was published."""
        self._channel = channel
        self.publication = publication
        self._hosts = {host.host: host for host in before.hosts}
        self._confirmed: set[str] = set()
        self.is_whole = before.is_whole
        """False if there may be hosts that have not said yet that they are there."""
        self.strangers = before.strangers

    @property
    def count(self) -> int:
        """How many hosts are known."""
        return len(self._hosts)

    @property
    def missing(self) -> list[Confirmation]:
        """What the hosts that have not followed said last."""
        return [host for name, host in sorted(self._hosts.items()) if name not in self._confirmed]

    @property
    def is_complete(self) -> bool:
        """Whether each host has followed, as far as can be told before time is up."""
        return self.is_whole and self.count > 0 and not self.missing

    @property
    def own_flags(self) -> list[str]:
        """The hosts that have a raised flag of their own."""
        return [name for name, host in sorted(self._hosts.items()) if host.own_flag]

    def look(self) -> None:
        """Learns who has followed, and publishes again what an emptied cache has lost, or what hosts consider old.

        Raises Unreachable, NotPublished and Overtaken."""
        overview = self._channel.overview()
        self.strangers = overview.strangers
        self._hosts.update((host.host, host) for host in overview.hosts)
        self._keep_published(overview)
        if any(host.serial > self.publication.serial for host in overview.hosts):
            self.publication, _ = _publish(self._channel, self.publication.flag, self.publication.by)
            self._confirmed.clear()
        self._confirmed.update(host.host for host in overview.hosts if host.key == self.publication.key)
        self._confirmed.difference_update(host.host for host in overview.hosts if host.trouble)

    def _keep_published(self, overview: Overview) -> None:
        if overview.refused:
            raise Overtaken(None)
        found = overview.publication
        if found is None:
            self.is_whole = False
        if found is None or found.serial < self.publication.serial:  # the cache is back in an old state
            self._channel.put(self.publication)
        elif found.key != self.publication.key:
            raise Overtaken(found)
