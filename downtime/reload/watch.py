"""One watch: calls back when the operating system reports a change; the only importer of watchdog."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]

_INOTIFY = "InotifyObserver"

# A watch costs up to 75 microseconds for each event of another file (measured). If this many come within that many
# seconds, it is given up, before it costs 1 % of a core for long.
_MOST_UNRELATED, _UNRELATED_WITHIN = 2000, 20.0

OnChange = Callable[[str, bool], None]
"""Called with the path that changed, and whether its writer has closed it or moved it into place."""


class Watch:
    """A running watch of the names in their folders; raises OSError or RuntimeError if it can't run.

    An event is only a hint: `on_change` is called on the watch's thread, even if nothing has changed."""

    def __init__(self, names: Mapping[str, Collection[str]], on_change: OnChange) -> None:
        self.is_flooded = False  # given up, because too many other files came and went
        paths = {os.path.join(folder, name) for folder in names for name in names[folder]}
        self._observer = _new_observer()
        with ExitStack() as unless_started:  # a failed start leaves threads and descriptors
            unless_started.callback(self.stop)
            handler = _Handler(paths, on_change, self._give_up)
            for folder in names:
                os.scandir(folder).close()  # raises if listing is forbidden: inotify would listen in vain
                self._observer.schedule(handler, folder, event_filter=_events(self._observer))
            self._observer.start()
            unless_started.pop_all()

    @property
    def kind(self) -> str:
        """The name of watchdog's observer, for the log."""
        return type(self._observer).__name__

    def is_healthy(self) -> bool:
        """Whether every thread that the watch needs is alive; a deleted folder ends its thread for good."""
        return self._observer.is_alive() and all(emitter.is_alive() for emitter in self._observer.emitters)

    def stop(self) -> None:
        """Ends the watch and its threads; may take half a second, so never on a request."""
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join()

    def _give_up(self) -> None:
        self.is_flooded = True
        threading.Thread(target=self.stop, name="downtime-stopper", daemon=True).start()  # its own thread can't join


class _Handler(FileSystemEventHandler):
    """Runs under the observer's lock and on its thread, which an exception would end."""

    def __init__(self, paths: set[str], on_change: OnChange, on_flood: Callable[[], None]) -> None:
        self._paths = paths
        self._on_change = on_change
        self._on_flood = on_flood
        self._unrelated = 0
        self._since = time.monotonic()

    def dispatch(self, event: FileSystemEvent) -> None:
        source, destination = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
        if destination in self._paths:
            self._on_change(destination, True)
        if source in self._paths:
            self._on_change(source, isinstance(event, FileClosedEvent))
        elif destination not in self._paths:
            self._count_unrelated()

    def _count_unrelated(self) -> None:
        self._unrelated += 1
        if self._unrelated == _MOST_UNRELATED:
            now = time.monotonic()
            if now - self._since < _UNRELATED_WITHIN:
                self._on_flood()
            else:
                self._unrelated, self._since = 0, now


def _new_observer() -> BaseObserver:
    # Without full events, watchdog reports a file that is moved in as one that is being created.
    options: dict[str, Any] = {"generate_full_events": True} if getattr(Observer, "__name__", "") == _INOTIFY else {}
    return Observer(**options)


def _events(observer: BaseObserver) -> list[type[FileSystemEvent]]:
    """The events worth a wake-up: inotify reports when a writer has finished, so earlier writes are left out."""
    return [*_EVENTS, FileClosedEvent if _is_inotify(observer) else FileModifiedEvent]


def _is_inotify(observer: BaseObserver) -> bool:
    return type(observer).__name__ == _INOTIFY
