"""Lists every folder to watch for a path, through links: each one in which the path can be made to lead elsewhere."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_LONGEST_LINK_CHAIN = 40


class Step(NamedTuple):
    """A name that is looked up in a real folder on the way to a file; `identity` is the folder's device and inode."""

    folder: str
    name: str
    identity: tuple[int, int]


def steps(path: str) -> frozenset[Step]:
    """The steps at which the path can be made to lead elsewhere: its last name, each link, the first missing name."""
    changeable: set[Step] = set()
    folder, *names = Path(os.path.abspath(path)).parts
    links = 0
    while names and links <= _LONGEST_LINK_CHAIN:
        if names[0] == "..":  # relative to the real folder that a link led to, so it can't be collapsed beforehand
            folder, names = os.path.dirname(folder), names[1:]
            continue
        here = os.path.join(folder, names[0])
        try:
            mode = os.lstat(here).st_mode
            target = os.readlink(here) if stat.S_ISLNK(mode) else None
        except OSError:
            mode, target = 0, None
        if target is not None or len(names) == 1 or not stat.S_ISDIR(mode):
            with suppress(OSError):
                status = os.stat(folder)
                changeable.add(Step(folder, names[0], (status.st_dev, status.st_ino)))
        if target is not None:
            links += 1
            folder, *names = (*Path(os.path.join(folder, target)).parts, *names[1:])
        elif stat.S_ISDIR(mode):
            folder, names = here, names[1:]
        else:
            break
    return frozenset(changeable)
