"""The cache that carries the fleet's flag, asked with a time limit, and through a new client after each failure."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from django.core.cache.backends.base import BaseCache
from django.utils.module_loading import import_string

T = TypeVar("T")
LONGEST_ANSWER = 5.0
"""Seconds."""
_TIMEOUT = 2.0
# Without these, some versions of the client libraries wait forever for an engine that hangs.
_TIMEOUT_OPTIONS = {
    "django.core.cache.backends.redis.RedisCache": ("socket_timeout", "socket_connect_timeout"),
    "django.core.cache.backends.memcached.PyMemcacheCache": ("timeout", "connect_timeout"),
    "django_redis.cache.RedisCache": ("SOCKET_TIMEOUT", "SOCKET_CONNECT_TIMEOUT"),
}
# A connection that has died is noticed at once, and a new one may work.
_AT_ONCE = 0.5


class Unreachable(Exception):
    """The engine could not be asked, or did not answer; the message says why."""


class Engine:
    """The cache of one alias, through clients of its own."""

    def __init__(self, config: dict[str, Any], *, longest: float = LONGEST_ANSWER) -> None:
        """The config is that of the alias in CACHES; socket timeouts that it does not set are set here.

        No answer takes longer than `longest` seconds, whatever the client library does."""
        self._config = _adapted(config, min(_TIMEOUT, longest))
        self._longest = longest
        self._cache: BaseCache | None = None

    def ask(self, question: Callable[[BaseCache], T], *, within: float | None = None) -> T:
        """What the question to the cache returns; raises Unreachable.

        It is asked a second time if the connection has died since the last answer."""
        was_used, began = self._cache is not None, time.monotonic()
        try:
            return self._ask(question, within or self._longest)
        except Unreachable:
            if not was_used or time.monotonic() - began > _AT_ONCE:
                raise
            return self._ask(question, within or self._longest)

    def _ask(self, question: Callable[[BaseCache], T], within: float) -> T:
        try:
            with _limit(within):
                if self._cache is None:
                    self._cache = _new_client(self._config)
                return question(self._cache)
        except Exception as error:  # a client library can raise anything; the caller reports it
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except BaseException:  # a signal in the middle of an answer, say; its handler reports it
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the connection; the next question makes a new one."""
        cache, self._cache = self._cache, None
        with suppress(Exception), _limit(_AT_ONCE):  # this client is of no use any more
            if cache is not None:
                cache.close()
                # Django leaves the connections to Redis to the garbage collector.
                for pool in getattr(getattr(cache, "_cache", None), "_pools", {}).values():
                    pool.disconnect()


def _adapted(config: dict[str, Any], timeout: float) -> dict[str, Any]:
    backend = import_string(config["BACKEND"])
    names = (f"{base.__module__}.{base.__qualname__}" for base in backend.__mro__)
    options = next((_TIMEOUT_OPTIONS[name] for name in names if name in _TIMEOUT_OPTIONS), ())
    # Some caches give a counter the timeout of the alias when they increment it.
    return {**config, "TIMEOUT": None, "OPTIONS": {**dict.fromkeys(options, timeout), **config.get("OPTIONS", {})}}


def _new_client(config: dict[str, Any]) -> BaseCache:
    # As Django makes it; but Django's own handler keeps each cache that it has made for as long as the process lives.
    params = dict(config)
    cache: BaseCache = import_string(params.pop("BACKEND"))(params.pop("LOCATION", ""), params)
    return cache


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError if the block takes longer, in the main thread of a system that has timers."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    # It rings again, in case the first time falls into the moment before a system call.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        try:
            yield
        finally:
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
    finally:  # even if it rang just before it was told not to
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
