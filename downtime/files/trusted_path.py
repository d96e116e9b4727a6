"""Opens the folder of a file that is to be written, and follows only links that can be trusted on the way to it.

Whoever may write to a folder can put a link there at any moment, and root would follow it to any file of the system."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from downtime.files.disk import OPEN_FLAGS
from downtime.files.entry import Entry

_MOST_LINKS = 40
_HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd  # Windows has none
# A descriptor that needs no permission on what it stands for; not every system has that.
_PATH_ONLY = getattr(os, "O_PATH", 0)
_LOOK_FLAGS = OPEN_FLAGS | getattr(os, "O_NOFOLLOW", 0) | (_PATH_ONLY or getattr(os, "O_SYMLINK", 0))


class _Found(NamedTuple):
    descriptor: int
    owner: int
    target: str
    """Where it leads, if it is a link."""


class _Link(NamedTuple):
    path: str
    owner: int
    left: int
    """How many names are left to look up once its target is reached."""


def followed(path: str) -> Entry:
    """The entry that the path leads to in the end; close it after use. Raises OSError.

    Root follows a link only if root or the owner of its target made it. A missing target counts as owned by
    the owner of its folder."""
    return _walk(path, follows_last=True)


def unfollowed(path: str) -> Entry:
    """The entry of that very name; close it after use. Links to its folder are followed as by `followed`.

    Raises OSError."""
    return _walk(path, follows_last=False)


def _walk(path: str, *, follows_last: bool) -> Entry:
    if not _HAS_FOLDER_DESCRIPTORS:
        return Entry(None, os.path.realpath(path) if follows_last else os.path.abspath(path))
    names, links, count = _names(os.path.join(os.getcwd(), path)), list[_Link](), 0
    with ExitStack() as opened, _of_the_whole_path(names) as places:
        root = folder = _look("/", None, opened)
        here = "/"
        while names:
            name = names.pop()
            place = os.path.normpath(os.path.join(here, name))
            places.append(place)
            try:
                found = _look(name, folder.descriptor, opened)
            except FileNotFoundError:
                if names:
                    raise
                found = folder
            if found.target and (names or follows_last):
                count += 1
                if count > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                links.append(_Link(place, found.owner, len(names)))
                folder, here = (root, "/") if found.target.startswith("/") else (folder, here)
                names += _names(found.target)
            else:
                links = _trusted(links, place, found.owner, left=len(names))
                folder, here = (found, place) if names else (folder, here)
        return Entry(os.dup(folder.descriptor), places[-1])


@contextmanager
def _of_the_whole_path(names: list[str]) -> Iterator[list[str]]:
    """Makes an OSError name the place that was reached last, and the names that were left from there."""
    places: list[str] = []
    try:
        yield places
    except OSError as error:
        error.filename = os.path.join(places[-1], *reversed(names))
        raise


def _names(path: str) -> list[str]:
    """The names of the path that are to be looked up, the first one last."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")] or ["."]


def _look(name: str, folder: int | None, opened: ExitStack) -> _Found:
    """What the name stands for, open until `opened` ends; raises OSError."""
    descriptor = os.open(name, _LOOK_FLAGS, dir_fd=folder)
    opened.callback(os.close, descriptor)
    status = os.fstat(descriptor)
    if not stat.S_ISLNK(status.st_mode):
        return _Found(descriptor, status.st_uid, "")
    # By its descriptor if possible, so that this is the target of the very link whose owner was checked.
    target = os.readlink("", dir_fd=descriptor) if _PATH_ONLY else os.readlink(name, dir_fd=folder)
    return _Found(descriptor, status.st_uid, target)


def _trusted(links: list[_Link], target: str, owner: int, *, left: int) -> list[_Link]:
    """The links whose target is not reached yet; raises OSError if root can't trust one that leads to this target."""
    for link in links:
        if os.geteuid() == 0 and link.left == left and link.owner not in (0, owner):
            raise OSError(
                None,
                f"{link.path} is a link of user {link.owner} to {target} of user {owner}, but root follows only its "
                f"own links and those of the target's owner: run the command as user {link.owner}, or trust the link "
                f"with chown -h root {link.path}",
            )
    return [link for link in links if link.left != left]
