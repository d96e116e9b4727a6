"""One host of a fleet: nothing but a publication changes its flag, and what it can't know leaves the flag as it is."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.cache.backends.filebased import FileBasedCache

from downtime.fleet.channel import PUBLICATION, Channel
from downtime.fleet.documents import Confirmation, Publication, signed
from downtime.fleet.engine import Engine
from downtime.fleet.flag_keeper import FlagKeeper
from downtime.fleet.follower import Follower
from downtime.fleet.publisher import publish

Hosts = Callable[..., Follower]


@pytest.fixture
def host(engine: Engine, flag: Path) -> Hosts:
    """host("web-1") follows on a host of that name; all of them keep the same flag."""

    def host(name: str = "web-1", *own_flags: Path) -> Follower:
        return Follower(Channel(engine), FlagKeeper(str(flag), lambda text: ()), name, tuple(map(str, own_flags)))

    return host


def said(channel: Channel) -> dict[str, Confirmation]:
    return {host.host: host for host in channel.overview().hosts}


def test_a_host_says_that_it_is_there_before_it_is_told_anything(host: Hosts, channel: Channel, flag: Path) -> None:
    follower = host()
    follower.poll()
    assert (said(channel)["web-1"].serial, follower.accepted) == (0, None)
    assert not flag.exists()


def test_it_does_what_is_published_and_says_so(host: Hosts, channel: Channel, flag: Path) -> None:
    follower = host()
    for text, is_there in (("message: a\n", True), (None, False), ("", True)):
        published = publish(channel, text, "anna").publication
        follower.poll()
        assert (flag.exists(), follower.accepted) == (is_there, published)
        assert said(channel)["web-1"].key == published.key


UNKNOWING: dict[str, Callable[[Engine, Path], object]] = {
    "the cache is emptied": lambda engine, tmp_path: engine.ask(lambda cache: cache.clear()),
    "the cache is away": lambda engine, tmp_path: away(engine),
    "something else is in its place": lambda engine, tmp_path: engine.ask(lambda cache: cache.set(PUBLICATION, 5)),
    "another key has signed": lambda engine, tmp_path: engine.ask(lambda cache: cache.set(PUBLICATION, "a:b")),
    "an old publication is back": lambda engine, tmp_path: Channel(engine).put(Publication(0, "old", 1.0, "bob", None)),
    "the publication is back that was there before": lambda engine, tmp_path: Channel(engine).put(
        replace(Channel(engine).overview().publication, serial=1)  # type: ignore[type-var]
    ),
}


def away(engine: Engine) -> None:
    """Whatever is asked fails from now on; `back` ends that."""
    engine._config = {**engine._config, "BACKEND": "tests.fleet.test_engine.SilentCache"}
    engine._longest, engine._cache = 0.02, None


def back(engine: Engine) -> None:
    engine._config = {**engine._config, "BACKEND": "django.core.cache.backends.filebased.FileBasedCache"}
    engine._longest, engine._cache = 5.0, None


@pytest.mark.parametrize("text", ["message: a\n", None], ids=["while it is down", "while it is up"])
@pytest.mark.parametrize("event", UNKNOWING.values(), ids=UNKNOWING)
def test_no_event_but_a_publication_changes_what_it_does(
    host: Hosts,
    engine: Engine,
    channel: Channel,
    flag: Path,
    tmp_path: Path,
    event: Callable[[Engine, Path], object],
    text: str | None,
) -> None:
    publish(channel, "before", "anna")
    publish(channel, text, "anna")
    follower = host()
    follower.poll()
    event(engine, tmp_path)
    for _ in range(2):
        follower.poll()
    assert flag.exists() == (text is not None)
    back(engine)
    publish(channel, "message: b\n" if text is None else None, "anna")
    follower.poll()
    assert flag.exists() == (text is None)
    assert (follower.lost, follower.refused) == ("", "")


def test_what_can_not_be_accepted_is_told_once(
    host: Hosts, engine: Engine, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    published = publish(channel, "", "anna").publication
    follower = host()
    follower.poll()
    caplog.clear()
    for text in ("a:b", "a:b", signed(replace(published, serial=0)), None, None):
        engine.ask(lambda cache, text=text: cache.set(PUBLICATION, text))  # type: ignore[misc]
        follower.poll()
    assert caplog.messages == [
        "what is published to the fleet is not accepted: it is signed with another SECRET_KEY, or has been changed; "
        "the flag stays as it is",
        "publication 0 in the cache is older than 1, which was followed here; the flag stays as it is",
        "the cache has lost what was published to the fleet; the flag stays as it is",
    ]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.ERROR, logging.WARNING]


def test_what_was_never_accepted_is_no_loss(host: Hosts, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    follower = host()
    for text in ("a:b", None):
        engine.ask(lambda cache, text=text: cache.set(PUBLICATION, text))  # type: ignore[misc]
        follower.poll()
    assert (len(caplog.messages), follower.refused) == (1, "")


def test_the_loss_of_the_cache_is_told_once_and_its_return_once(
    host: Hosts, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    follower = host()
    follower.poll()
    away(engine)
    for _ in range(3):
        follower.poll()
    back(engine)
    for _ in range(3):
        follower.poll()
    assert caplog.messages == [
        "the fleet's cache can't be asked: TimeoutError: no answer within 0.02 s; the flag stays as it is until it can",
        "the fleet's cache can be asked again",
    ]


def test_a_host_that_starts_while_the_cache_is_away_keeps_what_is_on_its_disk(
    host: Hosts, engine: Engine, channel: Channel, flag: Path
) -> None:
    flag.write_text("from before")
    publish(channel, None, "anna")
    away(engine)
    follower = host()
    follower.poll()
    assert flag.read_text() == "from before"
    back(engine)
    follower.poll()
    assert not flag.exists()


def test_a_process_that_starts_anew_takes_nothing_that_is_older_than_its_host_knew(
    host: Hosts, channel: Channel, flag: Path
) -> None:
    publish(channel, None, "anna")
    published = publish(channel, "", "anna").publication
    host().poll()
    channel.put(replace(published, serial=1, flag=None))
    for _ in range(2):
        follower = host()
        follower.poll()
    assert flag.exists()
    assert said(channel)["web-1"].serial == published.serial
    assert follower.accepted is None


def test_a_process_that_starts_anew_takes_the_slot_of_its_host(host: Hosts, channel: Channel) -> None:
    for name in ("web-1", "web-2", "web-1"):
        host(name).poll()
    assert channel.find("web-1")[0] == 1
    assert channel.overview().hosts == tuple(said(channel).values())
    assert len(said(channel)) == 2


def test_nothing_is_written_while_nothing_is_new(host: Hosts, channel: Channel, engine: Engine) -> None:
    follower = host()
    follower.poll()
    before = said(channel)["web-1"]
    for _ in range(5):
        follower.poll()
    assert said(channel)["web-1"] == before


def test_it_says_again_that_it_is_there_after_a_while(
    host: Hosts, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downtime.fleet.follower._BEAT", 0.0)
    follower = host()
    follower.poll()
    before = said(channel)["web-1"]
    follower.poll()
    assert said(channel)["web-1"].at > before.at


def test_it_says_at_once_that_it_has_a_flag_of_its_own(host: Hosts, channel: Channel, tmp_path: Path) -> None:
    own_flag = tmp_path / "own.flag"
    follower = host("web-1", tmp_path / "another.flag", own_flag)
    follower.poll()
    assert not said(channel)["web-1"].own_flag
    own_flag.symlink_to("/nowhere")
    follower.poll()
    assert said(channel)["web-1"].own_flag


def test_it_says_what_keeps_it_from_following(engine: Engine, channel: Channel, tmp_path: Path) -> None:
    path = tmp_path / "later" / "flag"
    follower = Follower(Channel(engine), FlagKeeper(str(path), lambda text: ()), "web-1", ())
    published = publish(channel, "", "anna").publication
    follower.poll()
    assert said(channel)["web-1"].key == published.key
    assert (
        said(channel)["web-1"].trouble == f"{path} can't be written: No such file or directory; make its folder first"
    )
    path.parent.mkdir()
    follower.poll()
    assert (path.exists(), said(channel)["web-1"].trouble) == (True, "")


def test_all_hosts_are_known_again_after_the_cache_was_emptied(host: Hosts, engine: Engine, channel: Channel) -> None:
    followers = [host(f"web-{number}") for number in range(10)]
    for follower in followers:
        follower.poll()
    engine.ask(lambda cache: cache.clear())
    for follower in followers:
        follower.poll()
    assert list(said(channel)) == [f"web-{number}" for number in range(10)]


def test_a_slot_that_somebody_else_has_got_meanwhile_is_left_to_them(
    host: Hosts, engine: Engine, channel: Channel
) -> None:
    """The cache was emptied, and another host was faster."""
    followers = [host("web-1"), host("web-2")]
    for follower in followers:
        follower.poll()
    engine.ask(lambda cache: cache.clear())
    for follower in reversed(followers):
        follower.poll()
    assert {*said(channel)} == {"web-1", "web-2"}


def test_two_processes_on_one_host_share_a_slot_and_tell_of_it_once(
    host: Hosts, channel: Channel, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = host(), host()
    for text in ("message: a\n", None, "message: b\n"):
        publish(channel, text, "anna")
        one.poll()
        other.poll()
        assert flag.exists() == (text is not None)
    assert len(said(channel)) == 1
    assert channel.find("web-1")[0] == 1
    told = [message for message in caplog.messages if "another process follows as web-1 too" in message]
    assert len(told) == 2  # each of them once


def test_who_signs_off_is_not_waited_for_and_keeps_the_flag(host: Hosts, channel: Channel, flag: Path) -> None:
    publish(channel, "", "anna")
    follower = host()
    follower.poll()
    follower.sign_off()
    assert said(channel) == {}
    assert flag.exists()


def test_who_was_never_known_has_nothing_to_sign_off(host: Hosts, engine: Engine) -> None:
    away(engine)
    host().sign_off()


def test_who_can_not_sign_off_tells_how_it_can_be_done(
    host: Hosts, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    follower = host()
    follower.poll()
    away(engine)
    follower.sign_off()
    assert caplog.messages == [
        "could not sign off: TimeoutError: no answer within 0.5 s; manage.py downtime_status --fleet --forget does it"
    ]


def test_a_cache_that_can_be_read_and_not_written_is_lost_once(
    host: Hosts, engine: Engine, channel: Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As a replica, or one that has no room left; what is published there is followed all the same."""
    monkeypatch.setattr("downtime.fleet.follower._BEAT", 0.0)
    published = publish(channel, "", "anna").publication
    follower = host()
    follower.poll()
    engine._config = {**engine._config, "BACKEND": "tests.fleet.test_follower.ReadOnlyCache"}
    engine._cache = None
    caplog.clear()
    for _ in range(3):
        follower.poll()
    assert follower.accepted == published
    assert len(caplog.messages) == 1
    assert "can't be asked: PermissionError: read only" in caplog.messages[0]


class ReadOnlyCache(FileBasedCache):
    def set(self, *args: object, **kwargs: object) -> None:
        raise PermissionError("read only")
