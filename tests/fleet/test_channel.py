"""What the hosts of a fleet tell each other: the places of the documents, and what an emptied cache does to them."""

import pickle
import time
from collections.abc import Collection
from dataclasses import replace

import pytest
import pytest_django
from django.core.cache.backends.base import BaseCache

from downtime.fleet.channel import PUBLICATION, SERIAL, SLOTS, Channel, Overview, slot_key
from downtime.fleet.documents import Confirmation, Publication, signed
from downtime.fleet.engine import Engine

DOWN = Publication(7, "abc", 1_800_000_000.0, "anna@deploy-1", "")
EMPTY = Overview(None, "", (), 0, is_whole=False)


def said_by(host: str, serial: int = 0, *, at: float = 1.0) -> Confirmation:
    return Confirmation(host, f"follower of {host}", serial, "abc", at)


def test_a_new_cache_knows_nothing(channel: Channel) -> None:
    assert channel.overview() == EMPTY
    assert channel.overview().highest == 0
    assert channel.look(0).publication is None
    assert channel.find("web-1") == (0, None)
    assert not channel.forget("web-1")


def test_what_is_published_is_found_with_what_the_host_has_said(channel: Channel) -> None:
    slot = channel.register(said_by("web-1"))
    channel.put(DOWN)
    found = channel.look(slot)
    assert (found.publication, found.own) == (signed(DOWN), signed(said_by("web-1")))
    assert channel.find("web-1") == (slot, said_by("web-1"))


def test_each_host_has_a_slot_and_the_overview_all(channel: Channel) -> None:
    slots = [channel.register(said_by(name)) for name in ("web-2", "web-1", "web-3")]
    assert slots == [1, 2, 3]
    channel.put(DOWN)
    hosts = tuple(said_by(name) for name in ("web-1", "web-2", "web-3"))
    assert channel.overview() == Overview(DOWN, "", hosts, 0, is_whole=True)


def test_the_slot_of_a_host_that_has_signed_off_is_taken_by_the_next(channel: Channel) -> None:
    slots = {name: channel.register(said_by(name)) for name in ("web-1", "web-2", "web-3")}
    channel.sign_off(slots["web-2"], within=1)
    assert [host.host for host in channel.overview().hosts] == ["web-1", "web-3"]
    assert channel.register(said_by("web-4")) == slots["web-2"]
    assert channel.register(said_by("web-5")) == 4


def test_a_large_fleet_finds_room_without_reading_all(
    engine: Engine, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downtime.fleet.channel._MOST_LOOKED_AT", 3)
    asked: list[int] = []
    slots = [channel.register(said_by(f"web-{number}")) for number in range(10)]
    assert slots == list(range(1, 11))
    ask = engine.ask
    monkeypatch.setattr(engine, "ask", lambda question: ask(lambda cache: question(Counting(cache, asked))))
    channel.register(said_by("web-10"))
    assert asked == [3]
    assert channel.find("web-10")[0] == 11


class Counting:
    """A cache that notes of how many keys it is asked at once."""

    def __init__(self, cache: BaseCache, asked: list[int]) -> None:
        self._cache, self._asked = cache, asked

    def get_many(self, keys: Collection[str]) -> dict[str, object]:
        self._asked.append(len(keys))
        return self._cache.get_many(keys)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cache, name)


def test_a_free_slot_that_somebody_else_takes_first_is_left_to_them(
    engine: Engine, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts see the same slot free; only one of them gets it."""
    channel.sign_off(channel.register(said_by("web-1")), within=1)

    def taken_meanwhile(free: list[int]) -> int:
        engine.ask(lambda cache: cache.set(slot_key(free[0]), signed(said_by("web-2"))))
        return free[0]

    monkeypatch.setattr("random.choice", taken_meanwhile)
    assert channel.register(said_by("web-3")) == 2
    assert [host.host for host in channel.overview().hosts] == ["web-2", "web-3"]


def test_a_slot_that_nobody_would_read_any_more_is_no_slot(engine: Engine, channel: Channel) -> None:
    """As the number of slots may be lost by itself."""
    slot = channel.register(said_by("web-1"))
    engine.ask(lambda cache: cache.delete(SLOTS))
    assert channel.look(slot).own is None
    assert not channel.overview().is_whole


@pytest.mark.parametrize("odd", ["", "12", 1.5, -1, 10**9, None, [1]], ids=repr)
def test_a_number_of_slots_that_is_none_counts_as_no_slot(engine: Engine, channel: Channel, odd: object) -> None:
    slot = channel.register(said_by("web-1"))
    channel.put(DOWN)
    engine.ask(lambda cache: cache.set(SLOTS, odd))
    assert (channel.look(slot).publication, channel.look(slot).own) == (signed(DOWN), None)
    assert (channel.overview().publication, channel.overview().hosts) == (DOWN, ())
    assert channel.find("web-1") == (0, None)


def test_of_a_host_that_speaks_twice_the_last_word_counts(channel: Channel) -> None:
    for serial, at in ((7, 20.0), (6, 10.0)):
        channel.register(said_by("web-1", serial, at=at))
    assert [host.serial for host in channel.overview().hosts] == [7]
    assert channel.forget("web-1")
    assert channel.overview().hosts == ()


def test_hosts_with_another_key_are_counted_and_not_believed(
    channel: Channel, settings: pytest_django.Settings
) -> None:
    channel.register(said_by("web-1"))
    channel.put(DOWN)
    settings.SECRET_KEY = "another"
    overview = channel.overview()
    assert (overview.publication, overview.hosts, overview.strangers) == (None, (), 1)
    assert overview.refused == "it is signed with another SECRET_KEY, or has been changed"
    assert overview.is_whole


def test_the_highest_serial_is_that_of_anybody(channel: Channel) -> None:
    channel.put(DOWN)
    channel.register(said_by("web-1", 5))
    assert channel.overview().highest == 7
    channel.register(said_by("web-2", 9))
    assert channel.overview().highest == 9


def test_nobody_gets_the_same_serial_twice(channel: Channel) -> None:
    assert [channel.take_serial(above=0), channel.take_serial(above=0), channel.take_serial(above=1)] == [1, 2, 3]


def test_a_serial_is_above_what_hosts_know_even_if_the_cache_has_lost_it(engine: Engine, channel: Channel) -> None:
    assert channel.take_serial(above=57) == 58
    engine.ask(lambda cache: cache.delete(SERIAL))
    assert channel.take_serial(above=60) == 61
    assert channel.take_serial(above=100) == 101


@pytest.mark.parametrize(
    ("there", "last_serial", "expected"),
    [
        (DOWN, 7, (True, True)),
        (DOWN, 9, (True, False)),
        (replace(DOWN, serial=8), 8, (False, False)),
        (replace(DOWN, token="other"), 7, (False, True)),
        (None, 0, (False, True)),
    ],
    ids=["it stands", "another one is coming", "overtaken", "of the same serial", "lost"],
)
def test_whether_a_publication_stands(
    engine: Engine, channel: Channel, there: Publication | None, last_serial: int, expected: tuple[bool, bool]
) -> None:
    if there:
        channel.put(there)
        engine.ask(lambda cache: cache.set(SERIAL, last_serial))
    assert channel.stands(DOWN) == expected


def test_what_is_published_is_kept_without_an_end_and_a_confirmation_for_a_day(
    engine: Engine, channel: Channel
) -> None:
    channel.put(DOWN)
    slot = channel.register(said_by("web-1"))
    channel.take_serial(above=0)
    expected = {PUBLICATION: None, SLOTS: None, SERIAL: None, slot_key(slot): 24 * 60 * 60}
    assert kept_for(engine, list(expected)) == expected


def kept_for(engine: Engine, keys: list[str]) -> dict[str, float | None]:
    """The seconds for which the cache keeps each key, to the minute; None for ever."""
    expiries = {}
    for key in keys:
        path = engine.ask(lambda cache, key=key: cache._key_to_file(key))  # type: ignore[misc]
        with open(path, "rb") as file:
            expiries[key] = pickle.load(file)
    return {key: at and round((at - time.time()) / 60) * 60 for key, at in expiries.items()}
