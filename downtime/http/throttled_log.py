"""Logs what may come with every request at most every ten seconds."""

from __future__ import annotations

import logging
import sys
from time import monotonic

PAUSE = 10.0
_MOST_KEPT = 100
_said: dict[tuple[object, ...], float] = {}


class ThrottledLogger:
    """A logger that says the same thing no more often than that."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def exception(self, message: str, *arguments: object) -> None:
        """Logs the exception that is being handled, with that message, as an error."""
        if _is_due(message, *arguments, sys.exc_info()[0]):
            self._logger.exception(message, *arguments)

    def warning(self, message: str) -> None:
        """Logs that message as a warning."""
        if _is_due(message):
            self._logger.warning(message)


def _is_due(*what: object) -> bool:
    now = monotonic()
    if now < _said.get(what, now):
        return False
    if len(_said) >= _MOST_KEPT:
        _said.clear()
    _said[what] = now + PAUSE
    return True
