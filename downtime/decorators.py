"""downtime_exempt: marks a view that passes while the site is down, or while it is read-only."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial, wraps
from typing import Any, TypeVar, cast, overload

from asgiref.sync import iscoroutinefunction

View = TypeVar("View", bound=Callable[..., Any])

_NO_VIEW: Any = object()


class Mark(Enum):
    """When a view with that mark passes."""

    ALWAYS = "always"
    READ_ONLY = "read-only"
    """While every period that covers the request is read-only: the view only reads, whatever the method."""


@overload
def downtime_exempt(view: View) -> View: ...
@overload
def downtime_exempt(*, read_only: bool = ...) -> Callable[[View], View]: ...
def downtime_exempt(view: Any = _NO_VIEW, *, read_only: bool = False) -> Any:
    """Wraps a view, sync or async, so that it passes while the site is down. For classes: `dispatch` or `as_view()`.

    With `read_only=True` it passes while the site is read-only, and at no other time. The view itself is not changed,
    so it does not pass in other URL patterns. Anything that is not a view function raises TypeError."""
    mark = Mark.READ_ONLY if read_only else Mark.ALWAYS
    return partial(_marked, mark=mark) if view is _NO_VIEW else _marked(view, mark=mark)


def _marked(view: View, *, mark: Mark) -> View:
    _require_view(view)

    @wraps(view)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        return await view(*args, **kwargs)

    @wraps(view)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    exempt: Any = asynchronous if iscoroutinefunction(view) else synchronous
    exempt.downtime_exempt = mark
    return cast("View", exempt)


def _require_view(view: object) -> None:
    if isinstance(view, type):
        raise TypeError(
            f"downtime_exempt was given the class {view.__qualname__}, but takes a view function; "
            "write @method_decorator(downtime_exempt, name='dispatch') above the class"
        )
    if not callable(view):
        raise TypeError(
            f"downtime_exempt was given a {type(view).__name__}, but takes a view function; "
            "mark each view of an include(), or name its path in DOWNTIME_EXEMPT_PATHS"
        )
    if hasattr(view, "_ninja_operation"):
        raise TypeError(
            f"downtime_exempt was given {getattr(view, '__name__', view)}, an operation of django-ninja, on which it "
            "has no effect; name its path in DOWNTIME_EXEMPT_PATHS"
        )


def mark_of(view: object) -> Mark | None:
    """The mark that `downtime_exempt` put on the view itself, or None."""
    mark = getattr(view, "downtime_exempt", None)
    return mark if isinstance(mark, Mark) else None
