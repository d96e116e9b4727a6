"""Logs the same message at most once every ten seconds, however many requests cause it."""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import suppress
from time import monotonic

from downtime.http.event_loop import may_block

PAUSE = 10.0
"""For how many seconds a message is not repeated."""

_MOST_KEPT = 100
_silent_until: dict[tuple[object, ...], float] = {}


class ThrottledLogger:
    """A logger that repeats a message with the same arguments only after PAUSE."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def exception(self, message: str, *arguments: object) -> None:
        """Logs the message at ERROR with the exception being handled, whose type counts as one of the arguments."""
        if _is_due(message, *arguments, sys.exc_info()[0]):
            self._log(logging.ERROR, message, *arguments, exc_info=True)

    def warning(self, message: str, *arguments: object) -> None:
        """Logs the message at WARNING."""
        if _is_due(message, *arguments):
            self._log(logging.WARNING, message, *arguments)

    def _log(self, level: int, message: str, *arguments: object, exc_info: bool = False) -> None:
        try:
            self._logger.log(level, message, *arguments, exc_info=exc_info)
        except Exception:  # a site's log filter can raise anything, which must not become an error of the site
            _print_exception()


def _is_due(*key: object) -> bool:
    now = monotonic()
    if now < _silent_until.get(key, now):
        return False
    may_block()  # a log handler may, on a full disk or a slow network
    if len(_silent_until) >= _MOST_KEPT:
        _silent_until.clear()
    _silent_until[key] = now + PAUSE
    return True


def _print_exception() -> None:
    with suppress(Exception):  # standard error may be closed, or a pipe that nobody reads
        traceback.print_exc(file=sys.stderr)
