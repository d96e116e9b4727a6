"""Callables for DOWNTIME_EXEMPT_IF: some that may let a request through, and many that never may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse

_FAILURES = (RuntimeError, Http404, PermissionDenied, SuspiciousOperation, OperationalError, StopIteration, MemoryError)
NO_CALLABLE = ["True"]


def has_key(request: HttpRequest) -> bool:
    return request.headers.get("X-Key") == "right"


async def has_key_later(request: HttpRequest) -> bool:
    return has_key(request)


def says_yes(request: HttpRequest) -> str:
    return "yes"


async def says_yes_later(request: HttpRequest) -> str:
    return "yes"


def says_one(request: HttpRequest) -> int:
    return 1


def says_a_response(request: HttpRequest) -> HttpResponse:
    return HttpResponse("let me in")


def says_itself(request: HttpRequest) -> object:
    return says_itself


def says_a_promise(request: HttpRequest) -> object:
    """A coroutine function that is not called."""
    return has_key_later


def says_nothing(request: HttpRequest) -> None:
    return None


def generates(request: HttpRequest) -> Iterator[bool]:
    yield True


async def generates_later(request: HttpRequest) -> AsyncIterator[bool]:
    yield True


class Yes:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __bool__(self) -> bool:
        return True


class Equal:
    """Equal to True, and to everything else."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def fails(request: HttpRequest) -> bool:
    """Each path has a failure of its own."""
    raise _FAILURES[len(request.path_info) % len(_FAILURES)]("it fails")


async def fails_later(request: HttpRequest) -> bool:
    return fails(request)


def wants_more(request: HttpRequest, more: object) -> bool:
    return True


LETS_THROUGH = tuple(f"{__name__}.{one.__name__}" for one in (has_key, has_key_later))
"""Those that say True if the request has the right key."""
NEVER_LETS_THROUGH = (
    *(f"{__name__}.{one.__name__}" for one in (says_yes, says_yes_later, says_one, says_a_response, says_itself)),
    *(f"{__name__}.{one.__name__}" for one in (says_a_promise, says_nothing, generates, generates_later, Yes, Equal)),
    *(f"{__name__}.{one.__name__}" for one in (fails, fails_later, wants_more)),
    *(f"{__name__}.NO_CALLABLE", f"{__name__}.missing", "nowhere.at_all", "has_key"),
)
