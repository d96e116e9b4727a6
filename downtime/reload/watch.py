"""Did something change there? The only importer of watchdog. An event is no more than a hint."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
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

# A watch costs up to 75 microseconds for each event beside its files (measured). Where more than these come within that
# time, in seconds, it is given up, before it costs a hundredth of a core for long.
_MOST_UNRELATED, _UNRELATED_WITHIN = 2000, 20.0

OnChange = Callable[[str, bool], None]
"""Is told which path changed, and whether its writer has closed it or moved it into place."""


class Watch:
    """A running watch of those names in their folders; raises OSError or RuntimeError if none can run."""

    def __init__(self, names: Mapping[str, Collection[str]], on_change: OnChange) -> None:
        self.is_flooded = False  # whether it was given up, as too much came and went beside its files
        paths = {os.path.join(folder, name) for folder in names for name in names[folder]}
        self._observer = _new_observer()
        try:
            handler = _Handler(paths, on_change, self._give_up)
            for folder in names:
                os.scandir(folder).close()  # may it be listed? inotify would listen in vain, and not say so
                self._observer.schedule(handler, folder, event_filter=_events(self._observer))
            self._observer.start()
        except BaseException:  # a start that failed leaves threads and descriptors; it is raised again
            self.stop()
            raise

    @property
    def kind(self) -> str:
        """The name of the observer, for the log."""
        return type(self._observer).__name__

    def is_healthy(self) -> bool:
        """Whether every thread that the watch needs is alive; a folder that was deleted ends its thread for good."""
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
            self._count()

    def _count(self) -> None:
        self._unrelated += 1
        if self._unrelated == _MOST_UNRELATED:
            now = time.monotonic()
            if now - self._since < _UNRELATED_WITHIN:
                self._on_flood()
            else:
                self._unrelated, self._since = 0, now


def _new_observer() -> BaseObserver:
    # Without full events, inotify's word for a file that is moved in is the one for a file that is being created.
    options: dict[str, Any] = {"generate_full_events": True} if getattr(Observer, "__name__", "") == _INOTIFY else {}
    return Observer(**options)


def _events(observer: BaseObserver) -> list[type[FileSystemEvent]]:
    """The events worth a wake-up. inotify tells when a writer is finished, so there no write before that counts."""
    return [*_EVENTS, FileClosedEvent if _is_inotify(observer) else FileModifiedEvent]


def _is_inotify(observer: BaseObserver) -> bool:
    return type(observer).__name__ == _INOTIFY
