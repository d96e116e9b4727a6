"""Whatever becomes of the engine, a host of a fleet does what it was told last, until it is told something else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from downtime.fleet.channel import PUBLICATION
from downtime.fleet.publisher import publish
from tests.support import engines
from tests.support.engines import MEMCACHED, REDIS, Engine
from tests.support.fleet import (
    DJANGO_REDIS,
    FOLLOWS_WITHIN,
    PERSON,
    PYMEMCACHE,
    REDIS_CACHE,
    Fleet,
    Host,
    cache,
    fleet_of,
)
from tests.support.harness import finished
from tests.support.programs import require
from tests.support.tcp_proxy import Proxy, proxied
from tests.support.waiting import wait_until

TEXT = "message: Back soon.\n"
OTHER = "message: It takes longer.\n"
NAMES = ("web-1", "web-2", "web-3")
LOST, BACK = "the fleet's cache can't be asked: ", "the fleet's cache can be asked again"
EMPTIED = "the cache has lost what was published to the fleet"
KINDS = {
    "redis": (REDIS, REDIS_CACHE, "redis"),
    "memcached": (MEMCACHED, PYMEMCACHE, "pymemcache"),
    "django-redis": (REDIS, DJANGO_REDIS, "django_redis"),
}


class Rig(NamedTuple):
    """A fleet and its engine."""

    engine: Engine
    fleet: Fleet


@pytest.fixture(scope="module")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One for all tests of an engine; each of them begins by telling the hosts something."""
    kind, backend, library = KINDS[request.param]
    require(library)
    folder = tmp_path_factory.mktemp("fleet")
    with engines.running(kind, folder) as engine, fleet_of(folder, cache(backend, engine.location), *NAMES) as fleet:
        yield Rig(engine, fleet)


@contextmanager
def stopped(rig: Rig) -> Iterator[None]:
    rig.engine.stop()
    rig.fleet.until_each_heard(LOST)
    rig.fleet.until_each_looked(3)
    yield
    rig.engine.start()
    rig.fleet.until_each_heard(BACK)


@contextmanager
def hung(rig: Rig) -> Iterator[None]:
    rig.engine.hang()
    rig.fleet.until_each_heard(LOST)
    yield
    rig.engine.go_on()
    rig.fleet.until_each_heard(BACK)


def restarted_empty(rig: Rig) -> AbstractContextManager[None]:
    rig.engine.restart()
    rig.fleet.until_each_heard(EMPTIED)
    return nullcontext()


def flushed(rig: Rig) -> AbstractContextManager[None]:
    rig.engine.flush()
    rig.fleet.until_each_heard(EMPTIED)
    return nullcontext()


EVENTS = {"stopped": stopped, "hung": hung, "restarted empty": restarted_empty, "flushed": flushed}


@pytest.mark.parametrize("flag", [TEXT, None], ids=["down", "up"])
@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("rig", ["redis", "memcached"], indirect=True)
def test_no_event_but_a_publication_changes_what_a_host_does(
    rig: Rig, event: Callable[[Rig], AbstractContextManager[None]], flag: str | None
) -> None:
    """The file of the flag is not even touched, each host says once what has happened, and can be told something."""
    fleet = rig.fleet
    told = fleet.tell(flag)
    before = fleet.flags()
    fleet.forget_logs()
    with event(rig):
        assert fleet.flags() == before
    fleet.until_each_looked()
    assert fleet.flags() == before
    lost = [1] * len(NAMES) if event in (stopped, hung) else fleet.each_heard(BACK)
    assert fleet.each_heard(LOST) == fleet.each_heard(BACK) == lost
    assert fleet.each_heard(EMPTIED) == [int(event is not hung)] * len(NAMES)
    assert max(lost) <= 1
    assert fleet.tell(OTHER if flag is None else None).serial > told.serial


@pytest.mark.parametrize("rig", ["django-redis"], indirect=True)
def test_nor_does_one_with_the_cache_of_django_redis(rig: Rig) -> None:
    test_no_event_but_a_publication_changes_what_a_host_does(rig, stopped, TEXT)


@pytest.mark.parametrize("rig", KINDS, indirect=True)
def test_one_command_takes_every_host_down_and_one_brings_every_host_back(rig: Rig) -> None:
    fleet = rig.fleet
    fleet.tell(None)
    said = fleet.publisher.run("downtime_start", "--fleet", "--message", "Back soon.")
    assert "3 of 3 hosts have confirmed." in said
    assert [flag and flag.text for flag in fleet.flags().values()] == [TEXT] * 3
    said = fleet.publisher.run("downtime_end", "--fleet")
    assert "3 of 3 hosts have confirmed." in said
    assert list(fleet.flags().values()) == [None] * 3
    assert "3 of 3 hosts have confirmed." in fleet.publisher.run("downtime_status", "--fleet")


AWAY = {"stopped": (Engine.stop, Engine.start), "hung": (Engine.hang, Engine.go_on)}


@pytest.mark.parametrize(("goes", "comes"), AWAY.values(), ids=AWAY)
@pytest.mark.parametrize("rig", ["redis"], indirect=True)
def test_a_publisher_that_can_ask_nothing_says_that_nothing_was_published(
    rig: Rig, goes: Callable[[Engine], None], comes: Callable[[Engine], None]
) -> None:
    """And status says that it can't be told; the next publication works, as soon as the engine answers."""
    fleet = rig.fleet
    fleet.tell(None)
    goes(rig.engine)
    try:
        said = fleet.publisher.run("downtime_start", "--fleet", "--message", "Back soon.", code=1)
        assert "nothing was published, as the cache of the fleet can't be asked: " in said
        said = fleet.publisher.run("downtime_status", "--fleet", code=1)
        assert "the cache of the fleet can't be asked: " in said
    finally:
        comes(rig.engine)
    fleet.until_each_looked()
    assert list(fleet.flags().values()) == [None] * 3
    fleet.publisher.run("downtime_start", "--fleet", "--message", "Back soon.", "--wait", "3")
    assert [flag and flag.text for flag in fleet.flags().values()] == [TEXT] * 3


@pytest.mark.parametrize("rig", ["redis", "memcached"], indirect=True)
def test_a_publication_into_an_emptied_cache_reaches_hosts_that_know_a_higher_serial(rig: Rig) -> None:
    """Though they say so only after it was published."""
    fleet = rig.fleet
    for flag in (None, TEXT, None):
        before = fleet.tell(flag)
    for host in fleet.hosts:
        host.hang()
    try:
        rig.engine.flush()
        command = fleet.publisher.start_manage("downtime_start", "--fleet", "--message", "Back soon.", "--wait", "5")
        published = "something is published"
        wait_until(lambda: fleet.channel.overview().publication is not None, within=FOLLOWS_WITHIN, what=published)
        assert fleet.channel.overview().highest < before.serial
    finally:
        for host in fleet.hosts:
            host.go_on()
    said = finished(command)
    assert "The cache is new or was emptied; waiting 5 s for hosts to say that they are there." in said
    assert "3 of 3 hosts have confirmed." in said
    assert [flag and flag.text for flag in fleet.flags().values()] == [TEXT] * 3
    assert fleet.channel.overview().highest > before.serial


@pytest.fixture
def proxy(rig: Rig) -> Iterator[Proxy]:
    """One before the Redis of the fleet."""
    with proxied(rig.engine.port) as proxy:
        yield proxy


WRITE = (b"\r\nSET\r\n", PUBLICATION.encode())
"""What the writing of a publication holds, in the protocol of Redis."""


@pytest.mark.parametrize("swallows", [True, False], ids=["lost", "applied"])
@pytest.mark.parametrize("rig", ["redis"], indirect=True)
def test_a_publisher_whose_write_times_out_says_that_it_can_t_be_confirmed(
    rig: Rig, proxy: Proxy, tmp_path: Path, swallows: bool
) -> None:
    """Whether the write is lost or not, which it can't know; hosts do what stands in the cache."""
    fleet = rig.fleet
    fleet.tell(None)
    fleet.forget_logs()
    publisher = Host(tmp_path / "publisher", cache(REDIS_CACHE, f"redis://127.0.0.1:{proxy.port}/0"))
    proxy.hangs_at, proxy.swallows = WRITE, swallows
    said = publisher.run("downtime_start", "--fleet", "--message", "Back soon.", code=1)
    assert proxy.hangs
    assert "it can't be confirmed that this was published: " in said
    assert "an engine that hangs may still apply it" in said
    assert "manage.py downtime_status --fleet shows what is published" in said
    fleet.until_each_looked()
    assert [flag and flag.text for flag in fleet.flags().values()] == [None if swallows else TEXT] * 3
    assert fleet.each_heard(LOST) == [0] * 3
    proxy.go_on()
    verb = "lowered" if swallows else "raised"
    assert f"the flag of the fleet is {verb}" in publisher.run("downtime_status", "--fleet")
    publisher.run("downtime_start", "--fleet", "--message", "It takes longer.")
    assert [flag and flag.text for flag in fleet.flags().values()] == [OTHER] * 3


@pytest.mark.parametrize("swallows", [True, False], ids=["lost", "applied"])
@pytest.mark.parametrize("rig", ["redis"], indirect=True)
def test_a_publisher_whose_write_times_out_tells_by_reading_it_back_what_became_of_it(
    rig: Rig, proxy: Proxy, tmp_path: Path, swallows: bool
) -> None:
    """If the engine answers again by then."""
    fleet = rig.fleet
    fleet.tell(None)
    publisher = Host(tmp_path / "publisher", cache(REDIS_CACHE, f"redis://127.0.0.1:{proxy.port}/0"))
    proxy.hangs_at, proxy.swallows, proxy.hangs_once = WRITE, swallows, True
    said = publisher.run("downtime_start", "--fleet", "--message", "Back soon.", code=int(swallows))
    assert not proxy.hangs_at
    if swallows:
        assert "it can't be confirmed that this was published: " in said
        fleet.until_each_looked()
    else:
        assert "3 of 3 hosts have confirmed." in said
    assert [flag and flag.text for flag in fleet.flags().values()] == [None if swallows else TEXT] * 3


@pytest.mark.parametrize("rig", ["redis"], indirect=True)
def test_a_write_that_is_late_and_replaces_a_newer_one_is_published_anew(
    rig: Rig, proxy: Proxy, tmp_path: Path
) -> None:
    """Else hosts would take what stands in the cache for old, and no two of them need agree."""
    fleet = rig.fleet
    fleet.tell(None)
    publisher = Host(tmp_path / "publisher", cache(REDIS_CACHE, f"redis://127.0.0.1:{proxy.port}/0"))
    proxy.hangs_at, proxy.holds = WRITE, True
    command = publisher.start_manage("downtime_start", "--fleet", "--message", "Back soon.")
    wait_until(lambda: not proxy.hangs_at, within=FOLLOWS_WITHIN, what="it has a serial and begins to write")
    other = publish(fleet.channel, OTHER, PERSON).publication
    proxy.holds = False
    assert "3 of 3 hosts have confirmed." in finished(command)
    assert fleet.channel.overview().highest > other.serial
    assert [flag and flag.text for flag in fleet.flags().values()] == [TEXT] * 3


def test_a_slow_engine_is_no_lost_one(tmp_path: Path) -> None:
    """Each answer takes half a second more, and hosts and publishers only take longer."""
    with engines.running(REDIS, tmp_path) as engine, proxied(engine.port) as proxy:
        slow = cache(REDIS_CACHE, f"redis://127.0.0.1:{proxy.port}/0")
        with fleet_of(tmp_path, slow, *NAMES) as fleet:
            fleet.forget_logs()
            proxy.delay = 0.5
            said = fleet.publisher.run("downtime_start", "--fleet", "--message", "Back soon.", "--wait", "20")
            assert "3 of 3 hosts have confirmed." in said
            before = fleet.flags()
            fleet.until_each_looked()
            assert fleet.flags() == before
            assert [flag and flag.text for flag in before.values()] == [TEXT] * 3
            assert fleet.each_heard(LOST) == [0] * 3
