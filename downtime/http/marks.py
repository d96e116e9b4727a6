"""Finds the mark of downtime_exempt on the view of a URL pattern, and misplaced marks, which have no effect."""

from __future__ import annotations

from collections.abc import Iterator
from types import CellType, FunctionType
from typing import NamedTuple

from downtime.decorators import Mark, mark_of

_DEEPEST = 5
"""Steps from the view of a URL pattern to a marked function; @api_view of Django REST framework takes three."""

_MOST = 1_000
"""The number of functions that are inspected for one view."""


class ViewMark(NamedTuple):
    """The mark that counts for a view, or a misplaced one."""

    mark: Mark | None
    """The mark on the view itself, which counts."""
    lost: str = ""
    """The name of a marked function within the view, if the view itself has no mark."""

    def passes(self, *, read_only: bool) -> bool:
        """Whether the view passes while the site is down or, with `read_only`, while it is read-only."""
        return self.mark is Mark.ALWAYS or (read_only and self.mark is Mark.READ_ONLY)


NO_MARK = ViewMark(None)


def view_mark(view: object) -> ViewMark:
    """The mark of the view that a URL pattern holds."""
    if mark := mark_of(view):
        return ViewMark(mark)
    try:
        return ViewMark(None, _name_of_marked(view))
    except Exception:  # a view may have attributes of any kind, and a warning is not worth an exception
        return NO_MARK


def _name_of_marked(view: object) -> str:
    seen: dict[int, object] = {}
    layer = [view]
    for _ in range(_DEEPEST):
        inner = {id(part): part for outer in layer for part in _parts(outer)}
        layer = [part for key, part in inner.items() if key not in seen][: _MOST - len(seen)]
        seen.update((id(part), part) for part in layer)
        for part in layer:
            if mark_of(part):
                return f"{getattr(part, '__module__', '')}.{getattr(part, '__qualname__', '')}"
    return ""


def _parts(view: object) -> Iterator[object]:
    """What a view may call in turn: what its function closes over, and the methods of its class."""
    for cell in getattr(view, "__closure__", None) or ():
        content = _content(cell)
        kind = type(content)  # not isinstance, which makes a lazy object ask what may be a database
        if kind is FunctionType:
            yield content
        elif kind.__module__.partition(".")[0] == "ninja":
            for operation in getattr(content, "operations", ()):
                yield from (operation.view_func, operation.run)
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)  # Django's and REST framework's
    actions = getattr(view, "actions", None) or {}  # a view set's, of REST framework
    for method in getattr(view_class, "http_method_names", ()):
        yield getattr(view_class, actions.get(method, method), None)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nothing was assigned yet
        return None
