"""The hosts of a fleet, one by one: cut off, born late, with another key, another clock or a full disk."""

import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import CacheHandler

from downtime.fleet.channel import PUBLICATION
from downtime.fleet.service_manager import notify
from tests.support import engines
from tests.support.engines import REDIS, Engine
from tests.support.fleet import (
    FOLLOWS_WITHIN,
    REDIS_CACHE,
    Fleet,
    Host,
    cache,
    fleet_of,
    until_looked,
)
from tests.support.programs import ROOT, require
from tests.support.waiting import wait_until

TEXT = "message: Back soon.\n"
START = ("downtime_start", "--fleet", "--message", "Back soon.")
NAMES = ("web-1", "web-2", "web-3")
ENDS_WITHIN = 3.0
"""Seconds; far below the five that an answer of the engine may take."""
LOST, BACK = "the fleet's cache can't be asked: ", "the fleet's cache can be asked again"
NOT_ACCEPTED = "what is published to the fleet is not accepted: it is signed with another SECRET_KEY"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    require("redis")
    with engines.running(REDIS, tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(scope="module")
def of_redis(engine: Engine) -> dict[str, object]:
    """The entry of CACHES."""
    return cache(REDIS_CACHE, engine.location)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, of_redis: dict[str, object]) -> Iterator[Fleet]:
    with fleet_of(tmp_path_factory.mktemp("fleet"), of_redis, *NAMES) as fleet:
        yield fleet


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    """Three hosts that have just been told that they are up."""
    shared.tell(None)
    shared.forget_logs()
    return shared


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine that no other test uses."""
    require("redis")
    with engines.running(REDIS, tmp_path) as engine:
        yield engine


def confirmed(host: Host, fleet: Fleet) -> bool:
    """Whether the host has confirmed what stands in the cache."""
    overview = fleet.channel.overview()
    key = overview.publication and overview.publication.key
    return any(said.host == host.name and said.key == key and not said.trouble for said in overview.hosts)


def until_confirmed(host: Host, fleet: Fleet) -> None:
    wait_until(lambda: confirmed(host, fleet), within=FOLLOWS_WITHIN, what=f"{host.name} has confirmed")


@contextmanager
def forgotten(host: Host, fleet: Fleet) -> Iterator[None]:
    """The fleet knows nothing of that host after the block."""
    try:
        yield
    finally:
        fleet.channel.forget(host.name)


# Who publishes, and who is away.

SWITCH = """
import sys
import django
django.setup()
from django.conf import settings
from downtime.fleet.channel import Channel
from downtime.fleet.engine import Engine
from downtime.fleet.publisher import NotPublished, Overtaken, publish

channel = Channel(Engine(settings.CACHES["fleet"]))
print("ready", flush=True)
for line in sys.stdin:
    serial = 0
    for number in range(10):
        try:
            rollout = publish(channel, f"message: {line}" if number % 2 else None, "anna@deploy-1")
        except (NotPublished, Overtaken):
            pass
        else:
            serial = rollout.publication.serial
    print(serial, flush=True)
"""


class Publisher:
    """A process that publishes ten times for each line that it is sent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    def send(self, line: str) -> None:
        self._stdin.write(f"{line}\n")
        self._stdin.flush()

    def answer(self) -> str:
        return self._stdout.readline().strip()


@contextmanager
def publisher_of(host: Host) -> Iterator[Publisher]:
    with subprocess.Popen(
        [sys.executable, "-c", SWITCH],
        cwd=ROOT,
        env=host.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        publisher = Publisher(process)
        assert publisher.answer() == "ready"
        yield publisher


def test_two_who_publish_200_switches_at_once_leave_every_host_as_the_last_of_them_says(fleet: Fleet) -> None:
    """In ten rounds of ten each; what stands in the cache is the last one after every round."""
    own = 0
    with publisher_of(fleet.publisher) as anna, publisher_of(fleet.publisher) as berta:
        for number in range(10):
            anna.send(f"anna {number}")
            berta.send(f"berta {number}")
            serials = [int(publisher.answer()) for publisher in (anna, berta)]
            last = fleet.channel.overview().publication
            assert last is not None
            assert last.serial == max(serials) > own
            own = last.serial
    for host in fleet.hosts:
        until_confirmed(host, fleet)
    assert all(host.is_as(last) for host in fleet.hosts)


def test_a_host_that_is_cut_off_is_named_and_right_at_its_first_look_when_it_is_back(fleet: Fleet) -> None:
    *others, away = fleet.hosts
    assert away.process is not None
    before = away.flag_of_fleet()
    until_looked([away], 1)  # so that it pauses now
    away.hang()
    try:
        said = fleet.publisher.run(*START, "--wait", "2", code=4)
        assert "2 of 3 hosts have confirmed within 2 s; not these:\n  web-3: has not confirmed; follows " in said
        assert "last heard of " in said
        assert all(confirmed(host, fleet) for host in others)
        assert away.flag_of_fleet() == before
        said = fleet.publisher.run("downtime_status", "--fleet", code=4)
        assert "  web-3: has not confirmed; follows " in said
        away.notices()
    finally:
        away.go_on()
    assert "The flag of the fleet is raised" in away.next_notices()[0]
    until_confirmed(away, fleet)
    assert "3 of 3 hosts have confirmed." in fleet.publisher.run("downtime_status", "--fleet")
    assert away.flag_of_fleet() is not None


def test_a_host_that_starts_while_the_engine_is_away_keeps_what_is_on_its_disk_until_it_is_told_something(
    own_engine: Engine, tmp_path: Path
) -> None:
    config = cache(REDIS_CACHE, own_engine.location)
    host, publisher = Host(tmp_path / "web-1", config), Host(tmp_path / "publisher", config)
    with Fleet([host], publisher, config) as fleet, host.following():
        fleet.tell(TEXT)
        before = host.flag_of_fleet()
    own_engine.stop()
    with fleet, host.following():
        assert host.next_notices()[0] == "READY=1"  # else the service manager would end it, and start it again
        host.until_heard(LOST)
        until_looked([host])
        assert host.flag_of_fleet() == before
        own_engine.start()
        host.until_heard(BACK)
        until_looked([host])
        assert host.flag_of_fleet() == before
        fleet.tell(None)
        fleet.tell(TEXT)
    assert host.heard(LOST) == host.heard(BACK) == 1


def test_a_host_that_follows_once_is_told_whether_it_knows(own_engine: Engine, tmp_path: Path) -> None:
    config = cache(REDIS_CACHE, own_engine.location)
    host, publisher = Host(tmp_path / "web-1", config), Host(tmp_path / "publisher", config)
    once = ("downtime_follow", "--once", "--timeout", "1")
    own_engine.stop()
    assert "the cache of the fleet can't be asked: " in host.run(*once, code=1)
    own_engine.start()
    own_engine.hang()
    assert "the cache of the fleet can't be asked: " in host.run(*once, code=1)
    own_engine.go_on()
    assert "nothing was ever published to this fleet" in host.run(*once, code=2)
    assert host.flag_of_fleet() is None
    publisher.run(*START, "--no-wait")
    assert "The flag of the fleet is raised, as of publication 1." in host.run(*once)
    told = host.flag_of_fleet()
    assert told is not None
    assert told.text == TEXT
    assert host.answers() == 503
    assert host.run(*once)
    assert host.flag_of_fleet() == told


# What stands in the cache.


def test_an_old_publication_that_is_put_back_is_told_and_ignored(
    fleet: Fleet, of_redis: dict[str, object], tmp_path: Path
) -> None:
    """Also by a host whose follower starts only then, as it finds what it has confirmed before."""
    there = CacheHandler({"default": of_redis})["default"]
    host = Host(tmp_path / "web-4", of_redis)
    fleet.tell(TEXT)
    old = there.get(PUBLICATION)
    told = fleet.tell(None)
    older = f" in the cache is older than {told.serial}, which was followed here"
    with forgotten(host, fleet):
        with host.following():
            until_confirmed(host, fleet)
        before = fleet.flags()
        fleet.forget_logs()
        there.set(PUBLICATION, old, None)
        there.close()
        with host.following():
            host.until_heard(older)
            fleet.until_each_heard(older)
            fleet.until_each_looked()
            assert fleet.flags() == before
            assert host.flag_of_fleet() is None
            assert fleet.each_heard(" is older than ") == [1] * 3
            assert {said.serial for said in fleet.channel.overview().hosts} == {told.serial}
            assert "0 of 4 hosts have confirmed." in fleet.publisher.run("downtime_status", "--fleet", code=4)
            assert "4 of 4 hosts have confirmed." in fleet.publisher.run(*START)
        assert [each and each.text for each in (*fleet.flags().values(), host.flag_of_fleet())] == [TEXT] * 4


def test_what_another_site_publishes_by_mistake_is_told_and_ignored(
    fleet: Fleet, of_redis: dict[str, object], tmp_path: Path
) -> None:
    """As staging does, if it has the Redis of production."""
    fleet.tell(TEXT)
    before = fleet.flags()
    staging = Host(tmp_path / "staging", of_redis, SECRET_KEY="of staging")
    said = staging.run("downtime_end", "--fleet", "--wait", "1", code=4)
    assert "no host is known that accepts this SECRET_KEY; in this cache, 3 signed with another one" in said
    fleet.until_each_heard(NOT_ACCEPTED)
    with staging.following():
        wait_until(lambda: fleet.channel.overview().strangers == 1, within=FOLLOWS_WITHIN, what="staging confirms")
        fleet.until_each_looked()
        assert fleet.flags() == before
        assert fleet.each_heard(NOT_ACCEPTED) == [1] * 3
        said = fleet.publisher.run("downtime_status", "--fleet", code=1)
        assert "What is published is not accepted here: it is signed with another SECRET_KEY" in said
        assert "3 of 3 hosts have confirmed." in fleet.publisher.run(*START)
        said = fleet.publisher.run("downtime_status", "--fleet")
        assert "In this cache, 1 signed with another " in said
        staging.until_heard(NOT_ACCEPTED)
        assert staging.flag_of_fleet() is None
    assert "Forgot staging" in staging.run("downtime_status", "--fleet", "--forget", "staging", code=1)
    assert fleet.channel.overview().strangers == 0


def test_hosts_of_the_old_and_of_the_new_key_follow_both_if_each_knows_the_other(
    own_engine: Engine, tmp_path: Path
) -> None:
    config, key = cache(REDIS_CACHE, own_engine.location), settings.SECRET_KEY
    keys = {
        "old": {"SECRET_KEY": key, "SECRET_KEY_FALLBACKS": ["new"]},
        "new": {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": [key]},
    }
    hosts = {name: Host(tmp_path / name, config, **keys[name]) for name in keys}
    with ExitStack() as stack:
        for host in hosts.values():
            stack.enter_context(host.following())
        hosts["old"].run("downtime_end", "--fleet", "--no-wait")
        until_looked(hosts.values())
        for publisher in hosts.values():
            said = publisher.run("downtime_start", "--fleet", "--message", publisher.name)
            assert "2 of 2 hosts have confirmed." in said
            flags = [host.flag_of_fleet() for host in hosts.values()]
            assert [flag and flag.text for flag in flags] == [f"message: {publisher.name}\n"] * 2
    assert [host.heard("not accepted") for host in hosts.values()] == [0, 0]


# Clocks, disks and libraries.


def faked_clock(offset: str) -> dict[str, str]:
    """The environment of a process whose clock is off by that much; the times of files are not.

    Its monotonic clock is another one too, but goes as fast: without that, Debian's faketime breaks time.sleep."""
    require("faketime")
    [library] = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": str(library), "FAKETIME": offset, "NO_FAKE_STAT": "1"}


def test_clocks_two_hours_apart_neither_delay_nor_hide_a_downtime(
    fleet: Fleet, of_redis: dict[str, object], tmp_path: Path
) -> None:
    """Those of hosts, and those of whoever publishes; status says which clock is wrong."""
    clocks = {"ahead": faked_clock("+2h"), "behind": faked_clock("-2h")}
    hosts = {name: Host(tmp_path / name, of_redis) for name in clocks}
    with ExitStack() as stack:
        for name, host in hosts.items():
            stack.enter_context(forgotten(host, fleet))
            stack.enter_context(host.following(environment=clocks[name]))
        for host in hosts.values():
            until_confirmed(host, fleet)
        assert "5 of 5 hosts have confirmed." in fleet.publisher.run(*START)
        for name, host in hosts.items():
            assert host.answers(environment=clocks[name]) == 503
        said = fleet.publisher.run("downtime_status", "--fleet")
        assert re.search("  ahead: has confirmed; .* by a clock that is (2 h|120 min) ahead of this one", said)
        assert re.search("  behind: has confirmed; last heard of 2 h ago by its clock", said)
        for publisher, host in (("ahead", "behind"), ("behind", "ahead")):
            said = fleet.publisher.run(*START, environment=clocks[publisher])
            assert "5 of 5 hosts have confirmed." in said
            assert hosts[host].answers(environment=clocks[host]) == 503
        before = fleet.flags()
        fleet.until_each_looked()
        assert fleet.flags() == before


def test_a_host_with_a_full_disk_is_named_and_comes_right_by_itself(
    fleet: Fleet, of_redis: dict[str, object], tmp_path: Path
) -> None:
    require("unshare")
    host = Host(tmp_path / "full", of_redis)
    alone = ("unshare", "--user", "--map-root-user", "--mount")
    mount = ("sh", "-c", 'mount -t tmpfs -o size=4k none "$0" && exec "$@"', str(host.watched))
    with (
        forgotten(host, fleet),
        host.following(under=(*alone, *mount)) as process,
    ):
        until_confirmed(host, fleet)
        host.fleet_flag = Path(f"/proc/{process.pid}/root{host.fleet_flag}")
        full = host.fleet_flag.with_name("full")
        full.write_bytes(bytes(4096))
        said = fleet.publisher.run(*START, "--wait", "2", code=4)
        assert "3 of 4 hosts have confirmed within 2 s; not these:\n  full: has not confirmed; " in said
        assert "No space left on device; make room on that disk" in said
        assert host.flag_of_fleet() is None
        until_looked([host])
        assert host.heard("No space left on device") == 1
        full.unlink()
        until_confirmed(host, fleet)
        flag = host.flag_of_fleet()
        assert flag is not None
        assert flag.text == TEXT
        assert "4 of 4 hosts have confirmed." in fleet.publisher.run("downtime_status", "--fleet")


def test_a_client_library_without_a_timeout_neither_stops_a_follower_nor_keeps_it_from_ending(
    own_engine: Engine, tmp_path: Path, measured: Callable[[str, float], None]
) -> None:
    plain = {"BACKEND": "tests.support.site.plain_cache.PlainCache", "LOCATION": f"127.0.0.1:{own_engine.port}"}
    endless = cache(REDIS_CACHE, own_engine.location, socket_timeout=None)
    hosts = [Host(tmp_path / "plain", plain), Host(tmp_path / "endless", endless)]
    fleet = Fleet(hosts, Host(tmp_path / "publisher", plain), plain)
    with fleet, hosts[0].following() as first, hosts[1].following() as second:
        fleet.tell(TEXT)
        before = fleet.flags()
        own_engine.hang()
        fleet.until_each_heard(LOST)
        assert fleet.flags() == before
        own_engine.go_on()
        fleet.until_each_heard(BACK)
        assert fleet.flags() == before
        fleet.tell(None)
        fleet.tell(TEXT)
        before = fleet.flags()
        own_engine.hang()
        for host, process in zip(hosts, (first, second), strict=True):
            until_silent(host)
            begun = time.monotonic()
            process.terminate()
            assert process.wait(ENDS_WITHIN) == 0
            measured("a follower of a hung engine ends", time.monotonic() - begun)
        assert fleet.flags() == before


def until_silent(host: Host, *, seconds: float = 0.5) -> None:
    """Returns once its follower has said nothing for so long, as it waits for an answer."""
    heard_at = time.monotonic()

    def is_silent() -> bool:
        nonlocal heard_at
        if host.notices():
            heard_at = time.monotonic()
        return time.monotonic() - heard_at > seconds

    wait_until(is_silent, within=FOLLOWS_WITHIN, what=f"{host.name} waits")


# One host.


def test_two_followers_on_one_host_do_no_harm(fleet: Fleet, of_redis: dict[str, object], tmp_path: Path) -> None:
    host = fleet.hosts[0]
    twin = Host(tmp_path / "twin", of_redis, name=host.name, DOWNTIME_FLEET_FLAG_FILE=str(host.fleet_flag))
    too = f"another process follows as {host.name} too"
    with twin.following():
        twin.until_heard("Following the fleet as ")
        until_looked([twin])
        for flag in (TEXT, None, TEXT):
            fleet.tell(flag)
            until_looked([host, twin])
            before = fleet.flags()
            until_looked([host, twin])
            assert fleet.flags() == before
        assert len(fleet.channel.overview().hosts) == 3
        assert host.heard("somebody else had changed it") == twin.heard("somebody else had changed it") == 0
        wait_until(lambda: host.heard(too) + twin.heard(too) > 0, within=FOLLOWS_WITHIN, what="one of them is told")
    assert max(host.heard(too), twin.heard(too)) == 1
    assert "3 of 3 hosts have confirmed." in fleet.publisher.run("downtime_end", "--fleet")


def test_a_service_is_ready_when_its_flag_is_right_and_sigterm_leaves_that_as_it_is(
    fleet: Fleet, of_redis: dict[str, object], tmp_path: Path, measured: Callable[[str, float], None]
) -> None:
    """It signs off, so that nobody waits for it any more."""
    fleet.tell(TEXT)
    host = Host(tmp_path / "web-4", of_redis)
    with forgotten(host, fleet), host.following() as process:
        assert host.next_notices()[0] == "READY=1"
        before = host.flag_of_fleet()
        assert before is not None
        assert before.text == TEXT
        assert confirmed(host, fleet)
        until_looked([host])
        begun = time.monotonic()
        process.terminate()
        assert process.wait(ENDS_WITHIN) == 0
        measured("a follower ends", time.monotonic() - begun)
        assert host.notices()[-1] == "STOPPING=1"
        assert host.heard("Ended by SIGTERM; the flag stays as it is.") == 1
        assert host.flag_of_fleet() == before
        assert "3 of 3 hosts have confirmed." in fleet.publisher.run("downtime_end", "--fleet")
    assert host.flag_of_fleet() == before


def test_a_service_manager_that_reads_nothing_costs_next_to_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each notice waits for it a moment, and is told as soon as there is room."""
    name = f"downtime-{secrets.token_hex(8)}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, suppress(BlockingIOError):
            other.setblocking(False)
            while True:
                other.sendto(b"STATUS=", f"\0{name}")
        before = time.process_time()
        for _ in range(10):
            notify("STATUS=")
        assert time.process_time() - before < 0.3
        manager.recv(64)
        notify("READY=1")
        while manager.recv(64) != b"READY=1":
            pass


def removed(path: Path) -> None:
    path.unlink(missing_ok=True)


def changed(path: Path) -> None:
    path.write_text("message: Never.\n")


def touched(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize(
    ("flag", "change"),
    [(TEXT, removed), (TEXT, changed), (TEXT, touched), (None, touched)],
    ids=["removed", "changed", "touched", "raised"],
)
def test_a_flag_of_the_fleet_that_somebody_changes_by_hand_is_put_right(
    fleet: Fleet, flag: str | None, change: Callable[[Path], None]
) -> None:
    told = fleet.tell(flag)
    host, *others = fleet.hosts
    fleet.forget_logs()
    before = [other.flag_of_fleet() for other in others]
    change(host.fleet_flag)
    host.until_heard("somebody else had changed it")
    assert host.is_as(told)
    until_looked([host])
    assert host.heard("somebody else had changed it") == 1
    assert [other.flag_of_fleet() for other in others] == before


def test_a_flag_of_a_host_s_own_drains_that_host_alone(fleet: Fleet) -> None:
    host, *others = fleet.hosts
    told = fleet.tell(None)
    host.run("downtime_start")
    try:
        until_looked([host])
        assert host.answers() == 503
        assert others[0].answers() == 200
        said = fleet.publisher.run("downtime_status", "--fleet")
        assert "a flag of its own is raised" in said
        assert host.is_as(told)
        fleet.publisher.run(*START)
        said = host.run("downtime_end", code=1)
        assert "The flag of the fleet is still raised; manage.py downtime_end --fleet lowers it on every host." in said
    finally:
        host.flag.unlink(missing_ok=True)
