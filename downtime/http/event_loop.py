"""Keeps blocking work out of an event loop: a decision that would block there is made again in a thread."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

_Result = TypeVar("_Result")

LONGEST_AT_ONCE = 4_000
"""The longest header, in characters, that is parsed in an event loop. 64 KiB can take 7 ms (measured)."""

_is_in_loop = ContextVar("downtime_is_in_loop", default=False)


class WouldBlock(BaseException):
    """Says that a thread has to take over; not an Exception, so that nobody takes it for an error of the site."""


def at_once(decide: Callable[..., _Result], *arguments: object) -> _Result | None:
    """What `decide` returns, or None if it came to a step that may block, which it has not begun."""
    token = _is_in_loop.set(True)
    try:
        return decide(*arguments)
    except WouldBlock:
        return None
    finally:
        _is_in_loop.reset(token)


def may_block() -> None:
    """Precedes whatever may block or take long: files, imports, a site's code, the log. Raises within `at_once`."""
    if _is_in_loop.get():
        raise WouldBlock
