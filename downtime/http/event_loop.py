"""Keeps what may block out of an event loop: a decision that comes to it there is made again in a thread."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

_Result = TypeVar("_Result")

_is_in_loop = ContextVar("downtime_is_in_loop", default=False)


class WouldBlock(BaseException):
    """Says that a thread has to go on; no Exception, so that nothing on its way takes it for an error of the site."""


def at_once(decide: Callable[..., _Result], *arguments: object) -> _Result | None:
    """What `decide` returns, or None if it has come to something that may block, before that has begun."""
    token = _is_in_loop.set(True)
    try:
        return decide(*arguments)
    except WouldBlock:
        return None
    finally:
        _is_in_loop.reset(token)


def may_block() -> None:
    """Stands before whatever may block: files, imports, the site's own code, the log. Raises within `at_once`."""
    if _is_in_loop.get():
        raise WouldBlock
