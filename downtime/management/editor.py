"""What does a person make of a copy of the file? As visudo and crontab do it, in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management.base import CommandError

from downtime.files.atomic_write import CannotWrite


@contextmanager
def copied(name: str, content: bytes) -> Iterator[str]:
    """The path of a copy that only its owner can read; where the block ends in an error, a changed one is kept."""
    folder = tempfile.mkdtemp(prefix="downtime-")
    copy = os.path.join(folder, name)
    with open(copy, "xb") as file:
        file.write(content)
    try:
        yield copy
    except (CommandError, CannotWrite, OSError) as error:
        raise CommandError(f"{error}{_kept(copy, content)}") from error
    shutil.rmtree(folder)


def _kept(copy: str, content: bytes) -> str:
    folder = os.path.dirname(copy)
    try:
        with open(copy, "rb") as file:
            is_changed = file.read() != content
    except OSError:  # the editor has made something else of it
        return f"; what the editor left is in {folder}"
    if is_changed:
        return f"; what you wrote is kept in {copy}"
    shutil.rmtree(folder)
    return ""


def edit(copy: str) -> None:
    """Returns when $VISUAL, $EDITOR or vi has ended well; ends the command where it has not."""
    name = next(name for name in ("VISUAL", "EDITOR", "vi") if os.environ.get(name) or name == "vi")
    editor = os.environ.get(name, name)
    try:
        command = [*shlex.split(editor), copy]
        with _interrupted_alone():
            code = subprocess.run(command, check=False).returncode
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"the editor {editor!r} can't be run: {reason}; name another one in VISUAL") from error
    if code:
        raise CommandError(f"the editor {editor!r} ended with {code}, so that nothing was taken over")


@contextmanager
def _interrupted_alone() -> Iterator[None]:
    """Lets Ctrl-C reach the editor and not the command."""

    def stay(number: int, frame: FrameType | None) -> None:
        """Unlike SIG_IGN, this is not inherited by the editor."""

    before = signal.signal(signal.SIGINT, stay)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
