"""Did something change there? The only importer of watchdog. An event is no more than a hint."""

from __future__ import annotations

import os
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
from watchdog.observers.polling import PollingObserver

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]

OnChange = Callable[[str, bool], None]
"""Is told which path changed, and whether its writer has closed it or moved it into place."""


class Watch:
    """A running watch of those names in their folders; raises OSError or RuntimeError where none can run.

    `polling` is the interval in seconds at which the folders are compared, None for the native way of the system."""

    def __init__(self, names: Mapping[str, Collection[str]], on_change: OnChange, polling: float | None) -> None:
        self._observer = _observer(polling)
        try:
            handler = _Handler({os.path.join(folder, name) for folder in names for name in names[folder]}, on_change)
            for folder in names:
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


class _Handler(FileSystemEventHandler):
    """Runs under the observer's lock and on its thread, which an exception would end."""

    def __init__(self, paths: set[str], on_change: OnChange) -> None:
        self._paths = paths
        self._on_change = on_change

    def dispatch(self, event: FileSystemEvent) -> None:
        source, destination = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
        if destination in self._paths:
            self._on_change(destination, True)
        if source in self._paths:
            self._on_change(source, isinstance(event, FileClosedEvent))


def _observer(polling: float | None) -> BaseObserver:
    if polling is not None:
        return PollingObserver(timeout=polling)
    # Without full events, inotify's word for a file that is moved in is the one for a file that is being created.
    options: dict[str, Any] = {"generate_full_events": True} if _is_inotify(Observer) else {}
    return Observer(**options)


def _events(observer: BaseObserver) -> list[type[FileSystemEvent]]:
    """The events worth a wake-up. inotify tells when a writer is finished, so there no write before that counts."""
    return [*_EVENTS, FileClosedEvent if _is_inotify(type(observer)) else FileModifiedEvent]


def _is_inotify(kind: object) -> bool:
    return getattr(kind, "__name__", "") == "InotifyObserver"
