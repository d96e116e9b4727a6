"""Publishing: above all that anybody knows, read back, and told by whom it was overtaken; and who has followed."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from downtime.fleet.channel import PUBLICATION, SERIAL, Channel
from downtime.fleet.documents import Confirmation, Publication, signed
from downtime.fleet.engine import Engine, Unreachable
from downtime.fleet.publisher import NotPublished, Overtaken, Rollout, publish
from tests.support.caches import cache_in

OTHER = Publication(99, "other", 1_800_000_000.0, "bob@deploy-2", None)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("downtime.fleet.publisher._PAUSE", 0.001)


def confirm(channel: Channel, host: str, publication: Publication, **changes: Any) -> None:
    said = Confirmation(host, "f", publication.serial, publication.token, 1.0)
    slot, _ = channel.find(host)
    said = replace(said, **changes)
    channel.confirm(slot, said) if slot else channel.register(said)


def test_what_is_published_is_whole_and_above_all_before(channel: Channel) -> None:
    first = publish(channel, "message: a\n", "anna@deploy-1").publication
    second = publish(channel, None, "bob@deploy-2").publication
    assert channel.overview().publication == second
    assert (first.serial, second.serial) == (1, 2)
    assert (second.by, second.flag, first.flag) == ("bob@deploy-2", None, "message: a\n")
    assert first.token != second.token
    assert first.at <= second.at


def test_it_is_above_what_hosts_have_confirmed_before_the_cache_was_emptied(engine: Engine, channel: Channel) -> None:
    confirm(channel, "web-1", replace(OTHER, serial=57))
    assert publish(channel, None, "anna").publication.serial == 58


def test_a_cache_that_is_away_has_published_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unreachable):
        publish(Channel(Engine(cache_in(tmp_path / "file" / "cache"))), None, "anna")


class Interfering(Channel):
    """A channel on which something happens right before or after a publication is written."""

    before = after = staticmethod(lambda channel, publication: None)

    def put(self, publication: Publication) -> None:
        self.before(self, publication)
        super().put(publication)
        self.after(self, publication)


def interfering(engine: Engine, **events: Any) -> Interfering:
    channel = Interfering(engine)
    for name, event in events.items():
        setattr(channel, name, lambda channel, publication, event=event: event(channel, publication))
    return channel


def lost(channel: Channel, publication: Publication) -> None:
    channel._engine.ask(lambda cache: cache.delete(PUBLICATION))


def timed_out(channel: Channel, publication: Publication) -> None:
    raise Unreachable("TimeoutError: no answer within 2 s")


def overtaken(channel: Channel, publication: Publication) -> None:
    Channel.put(channel, OTHER)


def test_a_write_that_was_lost_is_not_published(engine: Engine) -> None:
    with pytest.raises(NotPublished, match="holds something else, or nothing, after it was written"):
        publish(interfering(engine, after=lost), None, "anna")


def test_a_write_that_timed_out_and_was_lost_is_not_published(engine: Engine) -> None:
    with pytest.raises(NotPublished, match="no answer within 2 s"):
        publish(interfering(engine, before=timed_out), None, "anna")


def test_a_write_that_timed_out_and_was_done_all_the_same_is_published(engine: Engine) -> None:
    assert publish(interfering(engine, after=timed_out), None, "anna").publication.serial == 1


def test_an_engine_that_goes_away_after_the_write_leaves_it_open(engine: Engine, tmp_path: Path) -> None:
    def gone(channel: Channel, publication: Publication) -> None:
        channel._engine = Engine(
            {"BACKEND": "tests.fleet.test_engine.SilentCache", "LOCATION": "/nowhere"}, longest=0.1
        )
        channel._engine.ask(lambda cache: cache.get("a"))

    with pytest.raises(NotPublished, match="Error"):
        publish(interfering(engine, after=gone), None, "anna")


def test_who_is_overtaken_is_told_by_whom(engine: Engine) -> None:
    with pytest.raises(Overtaken) as error:
        publish(interfering(engine, after=overtaken), None, "anna")
    assert error.value.publication == OTHER


def test_who_overwrites_a_later_one_takes_a_new_serial(engine: Engine) -> None:
    """The other one had taken its serial after this one, and was faster to publish; else hosts would differ."""

    def faster(channel: Channel, publication: Publication) -> None:
        if publication.serial == 1:
            Channel.put(channel, replace(OTHER, serial=channel.take_serial(above=0)))

    channel = interfering(engine, before=faster)
    assert publish(channel, None, "anna").publication.serial == 3
    assert channel.overview().highest == 3


def test_who_never_is_the_last_gives_up(engine: Engine) -> None:
    with pytest.raises(NotPublished, match="others publish at the same time, again and again"):
        publish(interfering(engine, before=lambda channel, publication: channel.take_serial(above=0)), None, "anna")


def test_of_publishers_at_the_same_time_the_highest_serial_stands(engine: Engine, tmp_path: Path) -> None:
    published, ended = list[Publication](), list[str]()

    def publisher(name: str) -> None:
        channel = Channel(Engine(cache_in(tmp_path / "cache")))
        for _ in range(20):
            try:
                published.append(publish(channel, name, name).publication)
            except (Overtaken, NotPublished, Unreachable) as error:
                ended.append(type(error).__name__)

    threads = [threading.Thread(target=publisher, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert published
    # A cache in a folder does not count up at once, so two may get the same serial; what stands is never an older one.
    assert Channel(engine).overview().highest >= max(one.serial for one in published)


def rollout(channel: Channel, *hosts: str) -> Rollout:
    """Of a fleet that was told something before, with these hosts."""
    last = publish(channel, "", "anna").publication
    for host in hosts:
        confirm(channel, host, last)
    return publish(channel, None, "anna")


def test_each_host_has_followed_once_it_confirms_this_very_publication(channel: Channel) -> None:
    found = rollout(channel, "web-1", "web-2")
    found.look()
    assert ([host.host for host in found.missing], found.count, found.is_complete) == (["web-1", "web-2"], 2, False)
    confirm(channel, "web-1", found.publication)
    confirm(channel, "web-2", found.publication, token="another")
    found.look()
    assert [host.host for host in found.missing] == ["web-2"]
    confirm(channel, "web-2", found.publication)
    found.look()
    assert (found.missing, found.is_complete) == ([], True)


def test_a_host_that_could_not_do_it_has_not_followed(channel: Channel) -> None:
    found = rollout(channel, "web-1")
    confirm(channel, "web-1", found.publication, trouble="no room")
    found.look()
    assert [host.trouble for host in found.missing] == ["no room"]


def test_who_has_followed_once_has_followed(channel: Channel) -> None:
    """Also if it says something older afterwards, as the other of two processes of a host does, or signs off."""
    found = rollout(channel, "web-1")
    confirm(channel, "web-1", found.publication)
    found.look()
    confirm(channel, "web-1", found.publication, serial=1)
    found.look()
    channel.forget("web-1")
    found.look()
    assert found.is_complete


def test_a_host_that_can_not_keep_to_it_has_not_followed(channel: Channel) -> None:
    found = rollout(channel, "web-1", "web-2")
    for trouble, is_missing in (("", False), ("a folder is in its place", True), ("", False)):
        confirm(channel, "web-1", found.publication, trouble=trouble)
        found.look()
        assert ("web-1" in [host.host for host in found.missing]) == is_missing


def test_a_host_that_is_there_in_the_middle_of_it_is_waited_for_too(channel: Channel) -> None:
    found = rollout(channel, "web-1")
    confirm(channel, "web-1", found.publication)
    confirm(channel, "web-2", found.publication, serial=0, own_flag=True)
    found.look()
    assert [host.host for host in found.missing] == ["web-2"]
    assert found.own_flags == ["web-2"]


def test_a_fleet_without_hosts_is_never_complete(channel: Channel) -> None:
    found = rollout(channel)
    found.look()
    assert (found.count, found.is_complete) == (0, False)


def test_in_a_new_cache_it_is_not_known_who_is_still_to_come(channel: Channel) -> None:
    found = publish(channel, None, "anna")
    confirm(channel, "web-1", found.publication)
    found.look()
    assert (found.missing, found.is_complete) == ([], False)


def test_what_an_emptied_cache_has_lost_is_published_again(engine: Engine, channel: Channel) -> None:
    found = rollout(channel, "web-1")
    engine.ask(lambda cache: cache.clear())
    found.look()
    assert channel.overview().publication == found.publication
    assert not found.is_complete
    assert [host.host for host in found.missing] == ["web-1"]


def test_what_a_cache_that_goes_back_to_an_old_state_has_lost_is_published_again(channel: Channel) -> None:
    old = publish(channel, "", "anna").publication
    found = rollout(channel, "web-1")
    channel.put(old)
    found.look()
    assert channel.overview().publication == found.publication


def test_hosts_that_know_a_higher_serial_get_one_that_is_higher_still(engine: Engine, channel: Channel) -> None:
    """The cache was emptied before, and they had not said so yet."""
    found = publish(channel, "message: a\n", "anna")
    confirm(channel, "web-1", OTHER)
    found.look()
    assert (found.publication.serial, found.publication.flag) == (OTHER.serial + 1, "message: a\n")
    assert channel.overview().publication == found.publication
    confirm(channel, "web-1", found.publication)
    found.look()
    assert found.missing == []


@pytest.mark.parametrize("other", [signed(OTHER), "signed by somebody else"], ids=["ours", "another key"])
def test_whoever_publishes_afterwards_is_told_of(engine: Engine, channel: Channel, other: str) -> None:
    found = rollout(channel, "web-1")
    engine.ask(lambda cache: cache.set(PUBLICATION, other))
    with pytest.raises(Overtaken) as error:
        found.look()
    assert error.value.publication == (OTHER if other == signed(OTHER) else None)


def test_the_strangers_are_counted(channel: Channel, engine: Engine) -> None:
    found = rollout(channel)
    confirm(channel, "web-1", found.publication)
    engine.ask(lambda cache: cache.set("downtime.fleet.host.1", "signed by somebody else"))
    found.look()
    assert found.strangers == 1
    assert engine.ask(lambda cache: cache.get(SERIAL)) == 2
