"""The cache that carries the flag of a fleet: never waited for without an end, and asked anew after each failure."""

import gc
import signal
import socket
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.memcached import PyMemcacheCache
from django.core.cache.backends.redis import RedisCache

from downtime.fleet.engine import Engine, Unreachable, _adapted
from tests.support.caches import cache_in
from tests.support.programs import require


class SilentCache(FileBasedCache):
    """A client that waits for an answer as long as it takes."""

    def __init__(self, folder: str, params: dict[str, Any]) -> None:
        super().__init__(folder, params)
        self._nobody, self._mine = socket.socketpair()

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        return self._mine.recv(1)

    def delete(self, key: str, version: Any = None) -> bool:
        return bool(self._mine.recv(1))

    def close(self, **kwargs: Any) -> None:
        self._nobody.close()
        self._mine.close()


class DyingCache(FileBasedCache):
    """A client whose connection serves for two answers, and never again; `made` counts the clients."""

    made = 0
    most = 10

    def __init__(self, folder: str, params: dict[str, Any]) -> None:
        super().__init__(folder, params)
        type(self).made += 1
        self._left = 2 if self.made <= self.most else 0

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError("it has died")
        return super().get(key, default, version)

    def close(self, **kwargs: Any) -> None:
        raise ConnectionError("it has died before")


@pytest.fixture
def dying(tmp_path: Path) -> type[DyingCache]:
    DyingCache.made, DyingCache.most = 0, 10
    return DyingCache


def engine_of(backend: type, tmp_path: Path, **options: float) -> Engine:
    return Engine({**cache_in(tmp_path), "BACKEND": f"{__name__}.{backend.__name__}"}, **options)


def test_an_answer_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    engine = engine_of(SilentCache, tmp_path, longest=0.1)
    with pytest.raises(Unreachable, match=r"TimeoutError: no answer within 0\.1 s"):
        engine.ask(lambda cache: cache.get("a"))
    with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
        engine.ask(lambda cache: cache.get("a"), within=0.2)


def test_no_client_is_left_that_has_failed(tmp_path: Path) -> None:
    """Else a follower would grow as long as the cache is away."""
    engine, clients = engine_of(SilentCache, tmp_path, longest=0.2), []
    for _ in range(3):
        with pytest.raises(Unreachable):
            engine.ask(lambda cache: (clients.append(weakref.ref(cache)), cache.get("a")))
    gc.collect()
    assert [client() for client in clients] == [None] * len(clients) != []


def test_no_alarm_is_left(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGALRM)
    Engine(cache_in(tmp_path)).ask(lambda cache: cache.set("a", 1))
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_client_that_catches_the_alarm_is_rung_again(tmp_path: Path) -> None:
    """As some try again by themselves at a TimeoutError."""

    def stubborn(cache: object) -> None:
        while True:
            try:
                time.sleep(60)
            except TimeoutError:
                if rung.append(time.monotonic()) or len(rung) == 2:
                    raise

    rung: list[float] = []
    with pytest.raises(Unreachable):
        Engine(cache_in(tmp_path), longest=0.05).ask(stubborn)
    assert len(rung) == 2


def test_a_thread_may_ask_too(tmp_path: Path) -> None:
    """Where no alarm can ring; there the timeout of the socket has to do."""
    engine, found = Engine(cache_in(tmp_path)), list[object]()
    engine.ask(lambda cache: cache.set("a", 1))
    thread = threading.Thread(target=lambda: found.append(engine.ask(lambda cache: cache.get("a"))))
    thread.start()
    thread.join()
    assert found == [1]


def test_a_connection_that_has_died_is_replaced_at_once(tmp_path: Path, dying: type[DyingCache]) -> None:
    engine = engine_of(dying, tmp_path)
    assert [engine.ask(lambda cache: cache.get("a", 5)) for _ in range(6)] == [5] * 6
    assert dying.made == 3


def test_an_engine_that_is_gone_is_asked_once_more_and_not_again(tmp_path: Path, dying: type[DyingCache]) -> None:
    engine, dying.most = engine_of(dying, tmp_path), 1
    for _ in range(2):
        engine.ask(lambda cache: cache.get("a"))
    for made in (2, 3):  # a client that was never of use is not replaced within a question
        with pytest.raises(Unreachable, match="ConnectionError: it has died"):
            engine.ask(lambda cache: cache.get("a"))
        assert dying.made == made


def test_what_interrupts_a_question_is_not_lost_and_the_client_is(tmp_path: Path, dying: type[DyingCache]) -> None:
    def interrupted(cache: object) -> None:
        raise KeyboardInterrupt

    engine = engine_of(dying, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        engine.ask(interrupted)
    engine.ask(lambda cache: cache.get("a"))
    assert dying.made == 2


REDIS = f"{RedisCache.__module__}.{RedisCache.__qualname__}"
MEMCACHED = f"{PyMemcacheCache.__module__}.{PyMemcacheCache.__qualname__}"


class OwnRedisCache(RedisCache):
    """One of a project's own."""


TIMEOUTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Redis": (REDIS, {}, {"socket_timeout": 2, "socket_connect_timeout": 2}),
    "Redis with one of its own": (REDIS, {"socket_timeout": 7}, {"socket_timeout": 7, "socket_connect_timeout": 2}),
    "Redis with other options": (REDIS, {"db": 3}, {"socket_timeout": 2, "socket_connect_timeout": 2, "db": 3}),
    "a subclass": (f"{__name__}.OwnRedisCache", {}, {"socket_timeout": 2, "socket_connect_timeout": 2}),
    "Memcached": (MEMCACHED, {}, {"timeout": 2, "connect_timeout": 2}),
    "another": (f"{FileBasedCache.__module__}.FileBasedCache", {"MAX_ENTRIES": 5}, {"MAX_ENTRIES": 5}),
}


@pytest.mark.parametrize(("backend", "given", "expected"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_a_client_without_a_timeout_gets_one(backend: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    config = {"BACKEND": backend, "LOCATION": "redis://127.0.0.1", "OPTIONS": given}
    assert _adapted(config, 2) == {**config, "TIMEOUT": None, "OPTIONS": expected}
    assert config["OPTIONS"] == given


def test_no_connection_is_left_open(tmp_path: Path) -> None:
    """Django leaves those to Redis to the garbage collector, at which Python complains in development mode."""
    require("redis")
    with socket.create_server(("127.0.0.1", 0)) as redis:
        redis.settimeout(30)
        location = f"redis://127.0.0.1:{redis.getsockname()[1]}"
        engine = Engine({"BACKEND": REDIS, "LOCATION": location, "OPTIONS": {"socket_timeout": 0.2}}, longest=30)
        with pytest.raises(Unreachable):
            engine.ask(lambda cache: cache.get("a"))
        connection, _ = redis.accept()
        with connection:
            connection.settimeout(30)
            while connection.recv(1000):  # what was asked, and then that there is nobody any more
                pass
    engine.close()
    gc.collect()
