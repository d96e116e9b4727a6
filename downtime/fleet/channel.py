"""What the hosts of a fleet tell each other through the cache: one publication for all, one confirmation by each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from downtime.fleet.documents import Confirmation, NotAccepted, Publication, opened, signed
from downtime.fleet.engine import Engine

PUBLICATION = "downtime.fleet.publication"
SERIAL = "downtime.fleet.serial"
"""The last serial that a publisher has taken, whether or not it has published yet."""
SLOTS = "downtime.fleet.slots"
"""How many slots for confirmations there are; it only grows."""
KEPT = 24 * 60 * 60
"""Seconds for which a confirmation is kept, so that a dead host is named and not forgotten."""
_MOST_SLOTS = 100_000
_MOST_LOOKED_AT = 50


def slot_key(slot: int) -> str:
    """The key of the confirmation in that slot; the first one is 1."""
    return f"downtime.fleet.host.{slot}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a follower finds when it looks, as it is in the cache; None if there is nothing."""

    publication: object
    own: object
    """What is in its own slot."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the cache knows about the fleet."""

    publication: Publication | None
    """None if there is none, or none that is accepted."""
    refused: str
    """Why what is in its place is not accepted; empty if it is, or if nothing is there."""
    hosts: tuple[Confirmation, ...]
    """The last confirmation of each host, by name."""
    strangers: int
    """How many hosts sign with another SECRET_KEY."""
    is_whole: bool
    """False if the cache is new or has been emptied, so that there may be hosts that it does not know yet."""

    @property
    def highest(self) -> int:
        """The highest serial that anybody knows."""
        return max([self.publication.serial if self.publication else 0, *(host.serial for host in self.hosts)])


class Channel:
    """The fleet's place in the cache; each method raises Unreachable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, slot: int) -> Found:
        """What a follower with that slot needs to know, in one question; a slot that nobody would read is empty."""
        found = self._engine.ask(lambda cache: cache.get_many([PUBLICATION, SLOTS, slot_key(slot)]))
        return Found(found.get(PUBLICATION), found.get(slot_key(slot)) if slot in _all(found.get(SLOTS)) else None)

    def find(self, host: str) -> tuple[int, Confirmation | None]:
        """The slot of that host, and what it said last; 0 and None if it has no slot."""
        for slot, text in self._slots().items():
            if (said := _confirmation(text)) and said.host == host:
                return slot, said
        return 0, None

    def register(self, confirmation: Confirmation) -> int:
        """Confirms in a free slot, if it finds one among a sample, otherwise in a new one, and returns the slot."""
        slots = self._all()
        # If all hosts of a large fleet need a new slot at once, they can't all read every slot.
        looked_at = self._slots(random.sample(slots, min(len(slots), _MOST_LOOKED_AT)))
        free = [slot for slot, text in looked_at.items() if text is None]
        if free:
            slot, text = random.choice(free), signed(confirmation)
            if self._engine.ask(lambda cache: cache.add(slot_key(slot), text, KEPT)):
                return slot
        slot = self._engine.ask(lambda cache: (cache.add(SLOTS, 0, None), cache.incr(SLOTS))[1])
        self.confirm(slot, confirmation)
        return slot

    def confirm(self, slot: int, confirmation: Confirmation) -> None:
        """Writes the confirmation into that slot."""
        text = signed(confirmation)
        self._engine.ask(lambda cache: cache.set(slot_key(slot), text, KEPT))

    def sign_off(self, slot: int, *, within: float) -> None:
        """Removes what is in that slot, within so many seconds."""
        self._engine.ask(lambda cache: cache.delete(slot_key(slot)), within=within)

    def forget(self, host: str) -> bool:
        """Removes what that host has said; False if there was nothing."""
        slots = [slot for slot, text in self._slots().items() if (said := _confirmation(text)) and said.host == host]
        self._engine.ask(lambda cache: cache.delete_many([slot_key(slot) for slot in slots]))
        return bool(slots)

    def overview(self) -> Overview:
        """Everything that the cache knows."""
        found = self._engine.ask(lambda cache: cache.get_many([PUBLICATION, SLOTS]))
        said = [text for text in self._slots(_all(found.get(SLOTS))).values() if text is not None]
        accepted = [confirmation for confirmation in map(_confirmation, said) if confirmation]
        publication, refused = None, ""
        if PUBLICATION in found:
            try:
                publication = opened(Publication, found[PUBLICATION])
            except NotAccepted as error:
                refused = str(error)
        is_whole = len(found) == 2
        return Overview(publication, refused, _by_host(accepted), len(said) - len(accepted), is_whole)

    def take_serial(self, *, above: int) -> int:
        """A serial above that one that nobody else takes."""
        serial = self._engine.ask(lambda cache: (cache.add(SERIAL, above, None), cache.incr(SERIAL))[1])
        if serial <= above:  # the cache was emptied, but not the hosts
            serial = self._engine.ask(lambda cache: cache.incr(SERIAL, above + 1 - serial))
        return serial

    def put(self, publication: Publication) -> None:
        """Writes the publication into its place."""
        text = signed(publication)
        self._engine.ask(lambda cache: cache.set(PUBLICATION, text, None))

    def stands(self, publication: Publication) -> tuple[bool, bool]:
        """Whether the publication is in its place, and whether nobody has taken a higher serial."""
        found = self._engine.ask(lambda cache: cache.get_many([PUBLICATION, SERIAL]))
        return found.get(PUBLICATION) == signed(publication), found.get(SERIAL, 0) <= publication.serial

    def _slots(self, numbers: Sequence[int] | None = None) -> dict[int, object]:
        """What is in each of these slots, by default in all; None if nothing is."""
        keys = {slot_key(slot): slot for slot in (self._all() if numbers is None else numbers)}
        found = self._engine.ask(lambda cache: cache.get_many(keys)) if keys else {}
        return {slot: found.get(key) for key, slot in keys.items()}

    def _all(self) -> range:
        return _all(self._engine.ask(lambda cache: cache.get(SLOTS)))


def _all(count: object) -> range:
    """The slots, as many as the cache says; none if what it says can't be their number."""
    return range(1, count + 1) if isinstance(count, int) and 0 <= count <= _MOST_SLOTS else range(0)


def _confirmation(text: object) -> Confirmation | None:
    try:
        return opened(Confirmation, text)
    except NotAccepted:
        return None


def _by_host(confirmations: Iterable[Confirmation]) -> tuple[Confirmation, ...]:
    last = {said.host: said for said in sorted(confirmations, key=lambda said: said.at)}
    return tuple(last[host] for host in sorted(last))
