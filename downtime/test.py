"""site_down: takes the site down for a test of a project, in this process and without a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, TypeVar
from unittest import TestCase

from django.test.utils import TestContextDecorator
from django.utils.functional import Promise

from downtime import live
from downtime.schedule import converters
from downtime.schedule.periods import NEVER, Period

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class site_down(TestContextDecorator):
    """Takes the site down as a raised flag does: a context manager, sync or async, and a decorator.

    It decorates functions, `async def` functions and subclasses of unittest.TestCase. It counts in every thread of the
    process, from the next request on, until it is left. Several can overlap and be left in any order; the one entered
    last takes precedence, and the same one can be entered again. A process that is forked meanwhile stays down.

    `end` is an aware datetime; all else is as in the schedule. A wrong argument raises TypeError or ValueError."""

    def __init__(
        self,
        message: str = "",
        *,
        end: datetime | None = None,
        redirect: str = "",
        retry_after: int | None = None,
        read_only: bool = False,
        paths: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._period = Period(
            end=NEVER if end is None else _end(end),
            message=_of_type(str, "message", message, "text; write @site_down() to decorate without one").strip(),
            redirect=_converted("redirect", redirect, converters.url) if redirect != "" else "",
            retry_after=None if retry_after is None else _retry_after(retry_after),
            read_only=_of_type(bool, "read_only", read_only, "True or False"),
            paths=() if paths is None else _paths(paths),
        )
        self._keys: list[object] = []

    def enable(self) -> None:
        """Takes the site down, before it returns; raises ValueError if the end is over."""
        now = datetime.now(timezone.utc)
        if self._period.end <= now:
            raise ValueError(f"end is {self._period.end.isoformat()}, which is over; it must be a time to come")
        self._keys.append(live.raise_in_memory(replace(self._period, start=now)))

    def disable(self) -> None:
        """Takes back what the last `enable` did, and nothing else, before it returns."""
        live.lower_in_memory(self._keys.pop())

    async def __aenter__(self) -> None:
        self.enable()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disable()

    def decorate_class(self, cls: Any) -> Any:
        """The class, during whose tests the site is down; raises TypeError for one that is no unittest.TestCase."""
        if not issubclass(cls, TestCase):
            raise TypeError(
                f"site_down() decorates the class {cls.__qualname__}, which is no unittest.TestCase; "
                "decorate its methods instead"
            )
        return super().decorate_class(cls)

    def decorate_callable(self, func: _Function) -> _Function:
        """The function, sync or async, during which the site is down; raises TypeError for a generator."""
        inner = inspect.unwrap(func)  # such as what contextlib.contextmanager decorates
        if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
            name = getattr(inner, "__qualname__", inner)
            raise TypeError(
                f"site_down() decorates {name}, a generator, which runs after the decorator has ended; "
                "write `with site_down():` around its yield"
            )
        return super().decorate_callable(func)


def _of_type(kind: type[_T], name: str, value: object, what: str) -> _T:
    if isinstance(value, Promise):  # of reverse_lazy or gettext_lazy
        value = str(value)
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):  # True is an int for Python
        raise TypeError(f"{name} is {value!r}; it must be {what}")
    return value


def _converted(name: str, value: str, convert: Callable[[str], _T]) -> _T:
    try:
        return convert(_of_type(str, name, value, "text"))
    except ValueError as error:
        raise ValueError(f"{name} is {value!r}; {error}") from error


def _end(value: datetime) -> datetime:
    what = "an aware datetime, such as datetime.now(timezone.utc) + timedelta(hours=1)"
    if not isinstance(value, datetime):
        raise TypeError(f"end is {value!r}; it must be {what}")
    if value.utcoffset() is None:
        raise ValueError(f"end is {value!r}; it must be {what}")
    return value.astimezone(timezone.utc)


def _retry_after(value: int) -> int:
    seconds = _of_type(int, "retry_after", value, "a whole number of seconds, such as 600")
    return _converted("retry_after", str(seconds), converters.seconds)


def _paths(value: Sequence[str]) -> tuple[str, ...]:
    what = 'a list of path prefixes, such as ["/search"]'
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"paths is {value!r}; it must be {what}")
    if not value:
        raise ValueError(f"paths is {value!r}; it must be {what}, or be left out to cover the whole site")
    return tuple(_converted("an entry of paths", path, converters.prefix) for path in value)
