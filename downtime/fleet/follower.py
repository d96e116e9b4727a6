"""Follows what is published to the fleet: keeps the fleet's flag on one host, and confirms."""

from __future__ import annotations

import logging
import os
import random
import time
from dataclasses import replace

from downtime.fleet.channel import Channel
from downtime.fleet.documents import Confirmation, NotAccepted, Publication, new_token, opened
from downtime.fleet.engine import Unreachable
from downtime.fleet.flag_keeper import FlagKeeper

logger = logging.getLogger(__name__)
_BEAT = 10.0
"""Seconds after which a host says again that it is there."""
_SIGN_OFF_WITHIN = 0.5


class Follower:
    """One process that follows, under the name of its host."""

    def __init__(self, channel: Channel, keeper: FlagKeeper, host: str, own_flags: tuple[str, ...]) -> None:
        """`own_flags` are the paths of the flags that the host has for itself."""
        self._channel, self._keeper, self._host, self._own_flags = channel, keeper, host, own_flags
        self._token = new_token()
        self._seen: object = None
        """What was published when it looked last, as it is in the cache."""
        self._own: object = None
        """What was in its slot then."""
        self._known: object = None
        """What was in its slot when that was last this host's; verifying it at each look is a fifth of the cost."""
        self._slot = 0
        self._floor = 0
        """The highest serial that this host has accepted, perhaps before this process began."""
        self._said: Confirmation | None = None
        self._next_beat = 0.0
        self._knows_other = False
        self.accepted: Publication | None = None
        """What it follows; None if it has been told nothing yet."""
        self.refused = ""
        """Why what is published now is not followed; empty if it is, or if there is nothing."""
        self.lost = ""
        """Why the cache could not be asked; empty if it could."""

    @property
    def trouble(self) -> str:
        """Why the flag is not as it should be; empty if it is."""
        return self._keeper.trouble

    def poll(self) -> None:
        """Learns what is published, keeps the flag, and confirms; raises nothing except what ends the process.

        Logs once when the cache can't be asked, and once when it can be again."""
        lost = ""
        try:
            self.learn()
        except Unreachable as error:
            lost = str(error)
        self.keep_flag()
        if not lost:
            try:
                self._confirm()
            except Unreachable as error:
                lost = str(error)
        self._tell_reach(lost)

    def learn(self) -> None:
        """Accepts what is published, unless it is older than what is known; raises Unreachable."""
        if self._said is None and self._floor == 0:
            self._slot, before = self._channel.find(self._host)
            self._floor = before.serial if before else 0
        found = self._channel.look(self._slot)
        self._own = found.own
        if found.publication != self._seen:
            self._seen = found.publication
            self._consider(found.publication)

    def _consider(self, text: object) -> None:
        self.refused = ""
        if text is None:
            if self.accepted:
                logger.warning("the cache has lost what was published to the fleet; the flag stays as it is")
            return
        try:
            publication = opened(Publication, text)
        except NotAccepted as error:
            self.refused = f"what is published to the fleet is not accepted: {error}"
        else:
            if publication.serial < self._floor:
                serial, known = publication.serial, self._floor
                self.refused = f"publication {serial} in the cache is older than {known}, which was followed here"
        if self.refused:
            logger.error("%s; the flag stays as it is", self.refused)
        else:
            self.accepted, self._floor = publication, publication.serial

    def keep_flag(self) -> None:
        """Makes the flag match what was accepted last; what can't be done is logged once, and tried again."""
        if self.accepted:
            self._keeper.keep(self.accepted)

    def _confirm(self) -> None:
        """Says what this host follows, if that is new or the last time is a while ago; raises Unreachable."""
        serial, token = self.accepted.key if self.accepted else (self._floor, "")
        own_flag = any(map(os.path.lexists, self._own_flags))
        said = Confirmation(self._host, self._token, serial, token, 0, self.trouble, own_flag)
        is_own = self._slot > 0 and self._is_own(self._own)
        if is_own and said == self._said and time.monotonic() < self._next_beat:
            return
        now = replace(said, at=time.time())
        if is_own:
            self._channel.confirm(self._slot, now)
        else:
            self._slot = self._channel.register(now)
        self._said = said
        self._next_beat = time.monotonic() + _BEAT * random.uniform(0.8, 1.2)

    def _is_own(self, text: object) -> bool:
        """Whether it is what this host says, even through another process."""
        if text is not None and text == self._known:
            return True
        try:
            said = opened(Confirmation, text)
        except NotAccepted:
            return False
        if said.host == self._host and said.follower != self._token and self._said and not self._knows_other:
            self._knows_other = True
            logger.warning(
                "another process follows as %s too; two on one host do no harm, but two hosts need different names: "
                "give them with --name",
                self._host,
            )
        self._known = text if said.host == self._host else None
        return said.host == self._host

    def _tell_reach(self, lost: str) -> None:
        if lost and not self.lost:
            logger.warning("the fleet's cache can't be asked: %s; the flag stays as it is until it can", lost)
        elif self.lost and not lost:
            logger.warning("the fleet's cache can be asked again")
        self.lost = lost

    def sign_off(self) -> None:
        """Takes the host off the list of those that have to confirm; the flag stays as it is."""
        if self._slot:
            try:
                self._channel.sign_off(self._slot, within=_SIGN_OFF_WITHIN)
            except Unreachable as error:
                logger.warning("could not sign off: %s; manage.py downtime_status --fleet --forget does it", error)
