"""Calls the site's own code, named by a dotted path in a setting; from a thread, be that code sync or async."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.module_loading import import_string


def call(name: str, *arguments: object) -> Any:
    """What the callable of that dotted path returns; raises what it raises, and ImportError where there is none."""
    result = import_string(name)(*arguments)
    return async_to_sync(_awaited)(result) if isawaitable(result) else result


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
