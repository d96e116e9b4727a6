"""downtime_exempt: marks a view that passes while the site is down."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction

View = TypeVar("View", bound=Callable[..., Any])


def downtime_exempt(view: View) -> View:
    """Wraps a view, sync or async, so that it passes while the site is down. For classes: `dispatch` or `as_view()`.

    The view itself stays as it is, so that it does not pass in other URL patterns. Anything that is not a view function
    raises TypeError."""
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


def is_exempt(view: Callable[..., Any]) -> bool:
    """Whether the view comes from `downtime_exempt`."""
    return getattr(view, "downtime_exempt", False) is True
