"""Keeps messages until no lock is held: a site's log handlers, filters and formatters may ask if it is down."""

from __future__ import annotations

import logging
import sys
import traceback
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

logger = logging.getLogger("downtime.reload")

PAUSE = 10.0
"""For how many seconds the same failure is not logged again."""
HOUR = 3600.0
"""After how many seconds a lasting trouble is logged again."""


class _Message(NamedTuple):
    level: int
    text: str
    arguments: tuple[object, ...]
    error: BaseException | None


class DeferredLog:
    """Messages from any thread, in order, until `say` logs them."""

    def __init__(self) -> None:
        self._messages: deque[_Message] = deque()
        self._silent_until: dict[tuple[object, ...], float] = {}

    def info(self, text: str, *arguments: object) -> None:
        """Keeps a message of level INFO."""
        self._messages.append(_Message(logging.INFO, text, arguments, None))

    def warning(self, text: str, *arguments: object) -> None:
        """Keeps a message of level WARNING."""
        self._messages.append(_Message(logging.WARNING, text, arguments, None))

    def error(self, text: str, *arguments: object) -> None:
        """Keeps a message of level ERROR."""
        self._messages.append(_Message(logging.ERROR, text, arguments, None))

    def failure(self, error: Exception, text: str, *arguments: object) -> None:
        """Keeps a message of level ERROR with the exception, unless the same message was kept within PAUSE."""
        traceback.clear_frames(error.__traceback__)  # otherwise they keep what there was too little memory for
        now, key = monotonic(), (text, *arguments)
        if now >= self._silent_until.get(key, now):
            self._silent_until[key] = now + PAUSE
            self._messages.append(_Message(logging.ERROR, text, arguments, error))

    def say(self) -> None:
        """Logs what was kept, for a caller that holds no lock; prints what logging raises to standard error."""
        with suppress(IndexError):  # none is left
            while True:
                _log(self._messages.popleft())


class Trouble:
    """A lasting trouble, such as a damaged file: logged at ERROR at once, and again every hour."""

    def __init__(self, log: DeferredLog) -> None:
        self._log = log
        self._cause: object = None
        self._told_at = 0.0
        self._pause = HOUR

    def lasts(self, cause: object, message: str) -> None:
        """Keeps the message if the cause is new, or if it was last kept an hour ago."""
        now = monotonic()
        if cause != self._cause or now >= self._told_at + self._pause:
            self._cause, self._told_at = cause, now
            self._log.error("%s", message)
        self._pause = HOUR

    def is_over(self) -> None:
        """Lets the same cause be logged again if it returns, but not within PAUSE of the last time."""
        self._pause = PAUSE


def _log(message: _Message) -> None:
    try:
        logger.log(message.level, message.text, *message.arguments, exc_info=message.error)
    except Exception:  # a site's log filter can raise anything, which must not become an error of the site
        _print_exception()


def _print_exception() -> None:
    with suppress(Exception):  # standard error may be closed, or a pipe that nobody reads
        traceback.print_exc(file=sys.stderr)
