"""What windows refuse, all taken together: what is down, and what is read-only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from downtime.schedule.periods import Window


class Refusal(NamedTuple):
    """All that is refused in the same way: everything, or only writing."""

    read_only: bool
    paths: tuple[str, ...]
    """The prefixes below which it is refused; for the whole site, only the empty one."""
    windows: tuple[Window, ...]
    """The windows that cause it, in order of precedence."""

    @property
    def is_whole(self) -> bool:
        """Whether it is refused on the whole site."""
        return "" in self.paths

    @property
    def prefixes(self) -> list[str]:
        """The prefixes as people write them; none for the whole site."""
        return [] if self.is_whole else list(self.paths)

    @property
    def since(self) -> datetime:
        """When the first of its windows began; ALWAYS if that is not known."""
        return min(window.began for window in self.windows)


def refusals_of(windows: Collection[Window]) -> tuple[Refusal, ...]:
    """What the windows refuse, except for what is already refused below a shorter prefix, or already down."""
    down = dict.fromkeys(path for window in windows if not window.period.read_only for path in _paths(window))
    paused = dict.fromkeys(path for window in windows if window.period.read_only for path in _paths(window))
    either = {**down, **paused}
    refused = {
        False: {path: None for path in down if not _is_any_in(_above(path), down)},
        True: {path: None for path in paused if path not in down and not _is_any_in(_above(path), either)},
    }
    return tuple(
        Refusal(
            read_only,
            tuple(paths),
            tuple(w for w in windows if w.period.read_only is read_only and _is_any_in(_paths(w), paths)),
        )
        for read_only, paths in refused.items()
        if paths
    )


def more_than(refusals: Iterable[Refusal], windows: Iterable[Window]) -> list[Window]:
    """The windows that refuse anything beyond these refusals."""
    down: set[str] = set()
    either: set[str] = set()
    for refusal in refusals:
        either.update(refusal.paths)
        down.update(() if refusal.read_only else refusal.paths)

    def is_more(window: Window) -> bool:
        prefixes = either if window.period.read_only else down
        return any(not _is_any_in((path, *_above(path)), prefixes) for path in _paths(window))

    return list(filter(is_more, windows))


def covers_all(window: Window, *, read_only: bool) -> bool:
    """Whether the window refuses everything on the whole site; with `read_only`, writing at least."""
    return window.period.is_whole and (read_only or not window.period.read_only)


def _is_any_in(paths: Iterable[str], prefixes: Collection[str]) -> bool:
    return any(path in prefixes for path in paths)


def _paths(window: Window) -> tuple[str, ...]:
    return window.period.paths or ("",)


def _above(path: str) -> Iterator[str]:
    """The shorter prefixes of the path, down to the empty one, which is the whole site."""
    while path:
        path = path.rpartition("/")[0]
        yield path
