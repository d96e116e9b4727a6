"""Lets a person edit a copy of the schedule in an editor of their choice, as visudo and crontab do."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

from downtime.files import permissions
from downtime.files.atomic_write import CannotWrite
from downtime.management.output import CommandError

T = TypeVar("T")


def with_copy(path: str, content: bytes, use: Callable[[str], T]) -> T:
    """Returns what `use` returns for the path of a copy, which has the file's name, and which only its owner can read.

    If `use` raises, or Ctrl-C interrupts it, a changed copy is kept, and the CommandError says where."""
    early: list[int] = []
    with _on_interrupt(lambda number, frame: early.append(number)):
        copy = _new_copy(os.path.basename(path), content)
        try:
            try:
                signal.signal(signal.SIGINT, _interrupt_once)
                if early:
                    _interrupt_once(signal.SIGINT, None)
                result = use(copy)
            except (CommandError, CannotWrite, OSError) as error:
                ignore_interrupts()
                *lines, last = error.lines if isinstance(error, CommandError) else [str(error)]
                raise CommandError(*lines, f"{last}{_keep_if_changed(copy, content)}") from error
            ignore_interrupts()
            shutil.rmtree(os.path.dirname(copy))
        except KeyboardInterrupt as error:
            raise CommandError(f"gave up; {path} was left alone{_keep_if_changed(copy, content)}") from error
        return result


def _new_copy(name: str, content: bytes) -> str:
    _require_own_folder(tempfile.gettempdir())
    copy = os.path.join(tempfile.mkdtemp(prefix="downtime-"), name)
    with open(copy, "xb") as file:
        file.write(content)
    return copy


def _require_own_folder(temporary: str) -> None:
    """Ends root's command if another user could replace the copy, or a folder on its path, with a file or a link."""
    folder = os.path.realpath(temporary)
    while permissions.has_owners() and os.geteuid() == 0:
        status = os.stat(folder)
        is_shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
        if status.st_uid != 0 or is_shared:
            raise CommandError(
                f"the copy can't be made in {temporary}, as users other than root may write to {folder}; "
                "name a folder of root's own in TMPDIR"
            )
        if folder == os.path.dirname(folder):
            break
        folder = os.path.dirname(folder)


def ignore_interrupts() -> None:
    """Makes Ctrl-C do nothing until the copy is gone: from now on it is too late to give up."""
    signal.signal(signal.SIGINT, _ignore)


def _interrupt_once(number: int, frame: FrameType | None) -> NoReturn:
    ignore_interrupts()  # so that another one does not keep the command from saying where the copy is
    raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    """Unlike SIG_IGN, this is not inherited by the editor."""


@contextmanager
def _on_interrupt(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keep_if_changed(copy: str, content: bytes) -> str:
    """Says where the copy is kept, as the end of a message; an unchanged copy is removed, and not mentioned."""
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
    """Opens the copy in $VISUAL, $EDITOR or vi, and returns if the editor succeeds; otherwise ends the command."""
    name = next(name for name in ("VISUAL", "EDITOR", "vi") if os.environ.get(name) or name == "vi")
    editor = os.environ.get(name, name)
    try:
        command = [*shlex.split(editor), copy]
        with _on_interrupt(_ignore):
            code = subprocess.run(command, check=False).returncode
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"the editor {editor!r} can't be run: {reason}; name another one in VISUAL") from error
    if code:
        raise CommandError(f"the editor {editor!r} ended with {code}, so nothing was saved")
