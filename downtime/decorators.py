"""How does a view say that it passes while the site is down?"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction

View = TypeVar("View", bound=Callable[..., Any])


def downtime_exempt(view: View) -> View:
    """Lets a view pass while the site is down, be it sync or async; of a class, decorate `dispatch` or `as_view()`.

    What was given is left as it is, so that it may stand in another URL pattern without passing."""
    if isinstance(view, type):
        raise TypeError(
            f"downtime_exempt was given the class {view.__qualname__}, and takes a view function; "
            "write @method_decorator(downtime_exempt, name='dispatch') above the class"
        )
    if not callable(view):
        raise TypeError(
            f"downtime_exempt was given a {type(view).__name__}, and takes a view function; "
            "mark each view of an include(), or name its path in DOWNTIME_EXEMPT_PATHS"
        )

    @wraps(view)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        return await view(*args, **kwargs)

    @wraps(view)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    exempt: Any = asynchronous if iscoroutinefunction(view) else synchronous
    exempt.downtime_exempt = True
    return cast("View", exempt)


def is_marked(view: Callable[..., Any]) -> bool:
    """Whether `downtime_exempt` was applied to the view."""
    return getattr(view, "downtime_exempt", False) is True
