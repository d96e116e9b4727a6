"""Answers 503 while the site is down, even if the project, Django or PyYAML can't be imported.

Importing this module needs only the standard library."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

from downtime.standin.boot import boot
from downtime.standin.options import checked

_Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def wsgi(
    *,
    flag_file: _Paths,
    schedule_file: str | os.PathLike[str] | None = None,
    time_zone: str | tzinfo | None = None,
    page_file: str | os.PathLike[str] | None = None,
    flag_max_age: float | None = None,
    timeout: float = 20,
    load: Callable[[], Any] | None = None,
) -> Any:
    """The WSGI application that `load` returns, or one that answers 503 in its place until the site is up again.

    Without `load`, it is Django's own. A site that is up is loaded as without the guard, and nothing of the guard
    stays. While a flag or the schedule says that the whole site is down, a child process tries the load first, for at
    most `timeout` seconds. Raises TypeError or ValueError for a wrong argument and, if the site is up, what `load`
    raises."""
    from downtime.standin.wsgi_standin import StandIn

    options = checked(flag_file, schedule_file, time_zone, page_file, flag_max_age, timeout, load or _load_wsgi)
    return boot(options, StandIn)


def asgi(
    *,
    flag_file: _Paths,
    schedule_file: str | os.PathLike[str] | None = None,
    time_zone: str | tzinfo | None = None,
    page_file: str | os.PathLike[str] | None = None,
    flag_max_age: float | None = None,
    timeout: float = 20,
    load: Callable[[], Any] | None = None,
) -> Any:
    """The ASGI application, by the same rules as `wsgi` returns the WSGI application."""
    from downtime.standin.asgi_standin import StandIn

    options = checked(flag_file, schedule_file, time_zone, page_file, flag_max_age, timeout, load or _load_asgi)
    return boot(options, StandIn)


def _load_wsgi() -> Any:
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def _load_asgi() -> Any:
    from django.core.asgi import get_asgi_application

    return get_asgi_application()
