"""What a fleet costs: how soon the last of 40 hosts follows, and what a follower takes from its host and the cache."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import uniform
from statistics import median
from typing import Any

from django.conf import settings
from django.core.cache import caches

from downtime.files import flag_file
from downtime.fleet.channel import PUBLICATION, SLOTS, Channel, slot_key
from downtime.fleet.documents import Confirmation, new_token
from downtime.fleet.engine import Engine
from downtime.fleet.publisher import publish
from tests.benchmarks.fleet_hosts import DJANGO_ALONE, FLAG, make_project, memory, process
from tests.benchmarks.load import cpu_of
from tests.support.harness import free_port
from tests.support.waiting import wait_until

_HOSTS, _MANY = 40, 10_000
_SWITCHES, _LOOKS = 20, 5
_IDLE = 30.0
_WITHIN = 300.0


def fleet() -> None:
    """Prints it as a table, for a project as startproject makes it, whose hosts are processes of this machine."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, port = Path(name), free_port()
        hosts = [f"web-{number}" for number in range(_HOSTS)]
        make_project(folder, port, hosts)
        program = ("redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--loglevel", "warning")
        running.enter_context(process(folder, *program))
        bare = running.enter_context(process(folder, sys.executable, "-c", DJANGO_ALONE))
        follow = (sys.executable, "manage.py", "downtime_follow", "-v0", "--name")
        followers = [running.enter_context(process(folder, *follow, host, HOST=host)) for host in hosts]
        redis: Any = caches["fleet"]._cache.get_client()  # type: ignore[attr-defined]
        channel = Channel(Engine(settings.CACHES["fleet"]))
        wait_until(lambda: _count(channel) == _HOSTS, within=_WITHIN, what="all follow")
        _tell_switches(channel, [str(folder / host / FLAG) for host in hosts])
        used = _tell_idle(redis, followers, bare)
        _tell_rate(port, used)
        _tell_many(folder, channel, redis)


def _count(channel: Channel) -> int:
    """How many hosts are known by now; asked seldom, as all of them start on this machine."""
    time.sleep(0.5)
    return len(channel.overview().hosts)


def _tell_switches(channel: Channel, flags: Sequence[str]) -> None:
    taken = [_switch(channel, flags, None if number % 2 else f"message: {number}\n") for number in range(_SWITCHES)]
    _tell(
        f"last of {len(flags)} hosts, {_SWITCHES} switches", f"median {median(taken):.2f} s, worst {max(taken):.2f} s"
    )


def _switch(channel: Channel, flags: Sequence[str], text: str | None) -> float:
    """Seconds from the moment at which it is published until the last flag is as published."""
    time.sleep(uniform(1, 2))  # so that it falls on any moment of the followers
    publication = publish(channel, text, "anna@deploy-1").publication
    late = set(flags)

    def is_done() -> bool:
        for path in [path for path in late if os.path.lexists(path) == (text is not None)]:
            if text is None or flag_file.is_written(path, text, publication.at):
                late.discard(path)
        return not late

    wait_until(is_done, within=_WITHIN, what="all hosts have followed")
    return time.time() - publication.at


def _tell_idle(redis: Any, followers: Sequence[int], bare: int) -> float:
    """Tells what it takes that nothing happens; returns the commands of a host in a second."""
    stats, cpu, began = redis.info(), sum(map(cpu_of, followers)), time.monotonic()
    time.sleep(_IDLE)
    after, taken, seconds = redis.info(), sum(map(cpu_of, followers)) - cpu, time.monotonic() - began
    each = {name: (after[name] - stats[name]) / seconds / len(followers) for name in stats if _is_counted(name)}
    sizes = {name: (median(memory(pid, name) for pid in followers), memory(bare, name)) for name in ("Pss", "Rss")}
    _tell("a follower's share of a core", f"{taken / seconds / len(followers):.3%}")
    for name, (follower, django_alone) in sizes.items():
        _tell(f"{name.upper()} of a follower", f"{follower:.1f} MiB; of django.setup() alone {django_alone:.1f} MiB")
    _tell("commands a host and second", f"{each['total_commands_processed']:.2f}")
    received, sent = each["total_net_input_bytes"], each["total_net_output_bytes"]
    _tell("bytes a host and second", f"{received:.0f} to the cache, {sent:.0f} from it")
    engine = each["used_cpu_user"] + each["used_cpu_sys"]
    _tell("the cache's share of a core", f"{engine * len(followers):.3%} for {len(followers)} hosts")
    return each["total_commands_processed"]


def _is_counted(name: str) -> bool:
    return name.startswith(("total_commands_", "total_net_", "used_cpu_user", "used_cpu_sys")) and name[-4:] != "main"


def _tell_rate(port: int, used: float) -> None:
    """Tells how often this Redis can answer what a follower asks, and how much of that a large fleet needs."""
    keys = [f":1:{key}" for key in (PUBLICATION, SLOTS, slot_key(1))]
    command = ["redis-benchmark", "-p", str(port), "-c", "50", "-n", "200000", "--csv", "MGET", *keys]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    possible = float(line.split(",")[1].strip('"'))
    needed = used * _MANY
    _tell(f"commands of {_MANY:,} hosts", f"{needed:,.0f}/s, {needed / possible:.0%} of {possible:,.0f}/s")


def _tell_many(folder: Path, channel: Channel, redis: Any) -> None:
    """Tells what it takes to ask for the confirmations of a large fleet."""
    key = publish(channel, None, "anna@deploy-1").publication.key
    redis.set(f":1:{SLOTS}", _MANY)
    for slot in range(_HOSTS + 1, _MANY + 1):
        channel.confirm(slot, Confirmation(f"host-{slot}", new_token(), *key, time.time()))
    channel.overview()
    looks = [_seconds(channel.overview) for _ in range(_LOOKS)]
    command = [sys.executable, "manage.py", "downtime_status", "--fleet", "-v0"]
    status = [_seconds(lambda: subprocess.run(command, cwd=folder, check=False)) for _ in range(_LOOKS)]
    before = redis.info("stats")["total_net_output_bytes"]
    channel.overview()
    size = (redis.info("stats")["total_net_output_bytes"] - before) / 1024**2
    _tell(f"a look of the publisher, {_MANY:,} hosts", f"{median(looks):.2f} s, {size:.1f} MiB")
    _tell(f"downtime_status --fleet, {_MANY:,} hosts", f"{median(status):.1f} s")


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _tell(what: str, value: str) -> None:
    print(f"{what:<44}{value}", flush=True)
