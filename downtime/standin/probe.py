"""Tries a load in a forked child, so a failure leaves this process as it is."""

from __future__ import annotations

import _thread
import os
import selectors
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import BuiltinFunctionType
from typing import NoReturn

_MARK = b"\0"  # never in a traceback; needed because a grandchild may keep the pipe open
_MOST_TOLD = 50_000  # bytes of a traceback, fewer than a pipe holds
_GRACE = 1.0  # seconds, after which a load that ignored its alarm is killed
_SIGNALS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGWINCH", "SIGABRT", "SIGIO")


class CannotFork(Exception):
    """There is no fork here: on Windows, in a subinterpreter, or for lack of memory or processes."""


def probe(load: Callable[[], object], timeout: float) -> str | None:
    """Why the load fails in a child within `timeout` seconds, usually a traceback; None if it works.

    The result comes through a pipe, because a server may itself wait for all children. Raises CannotFork, and OSError
    if this process may open no more files."""
    if not hasattr(os, "fork"):
        raise CannotFork
    reader, writer = os.pipe()
    try:
        with warnings.catch_warnings():
            # Python 3.12 and later warn of threads, whose locks nobody releases in the child. A load that waits for
            # one fails by its timeout.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
    except (OSError, RuntimeError) as error:
        os.close(reader)
        os.close(writer)
        raise CannotFork from error
    if pid == 0:  # pragma: no cover (in the child)
        _report(load, timeout, reader, writer)
    os.close(writer)
    result = b""
    try:
        result = _received(reader, timeout + _GRACE)
    finally:
        os.close(reader)
        if not result.endswith(_MARK):  # with the mark, it is ending, and its pid may already be another's
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # the server has waited for it already
            os.waitpid(pid, 0)
    if not result.endswith(_MARK):
        return f"the load did not finish within {timeout:g} seconds, or its process ended before that"
    return result[: -len(_MARK)].decode("utf-8", "replace") or None


def _received(reader: int, within: float) -> bytes:
    """What comes through the pipe until the mark, the end of the pipe, or the end of the time."""
    result, until = b"", time.monotonic() + within
    with selectors.DefaultSelector() as selector:  # not select(), which takes no descriptor above 1023
        selector.register(reader, selectors.EVENT_READ)
        while not result.endswith(_MARK):
            ready = selector.select(max(0, until - time.monotonic()))
            part = os.read(reader, 65_536) if ready else b""
            if not part:
                break
            result += part
    return result


def _report(
    load: Callable[[], object], timeout: float, reader: int, writer: int
) -> NoReturn:  # pragma: no cover (in the child)
    """Loads, reports the result and always ends, without cleaning up what belongs to the parent."""
    try:
        _forget_signals()
        os.close(reader)
        _end_with_parent(writer)
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, timeout)
        why = _why_aside(load) if _has_greenlets() else _why(load)
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # which also comes when the parent reads
        os.write(writer, why.encode("utf-8", "replace")[-_MOST_TOLD:] + _MARK)
    finally:
        os._exit(0)


def _has_greenlets() -> bool:  # pragma: no cover (in the child)
    """Whether gevent has put its greenlets in the place of threads."""
    return "gevent.monkey" in sys.modules and not isinstance(_thread.start_new_thread, BuiltinFunctionType)


def _why(load: Callable[[], object]) -> str:  # pragma: no cover (in the child)
    try:
        load()
    except BaseException:  # whatever it is, even a sys.exit() in the settings: Loader logs it
        return traceback.format_exc()
    return ""


def _why_aside(load: Callable[[], object]) -> str:  # pragma: no cover (in the child)
    """As `_why` under gevent, in a system thread, in which no greenlet of the parent can run.

    Such a greenlet would take requests, which would be lost with this child."""
    get_original = import_module("gevent.monkey").get_original
    start, make_lock = get_original("_thread", ["start_new_thread", "allocate_lock"])
    done, whys = make_lock(), []

    def run() -> None:
        whys.append(_why(load))
        done.release()

    done.acquire()
    start(run, ())
    try:
        done.acquire()
    except TimeoutError:
        return traceback.format_exc(limit=0)
    return whys[0]


def _end_with_parent(writer: int) -> None:  # pragma: no cover (in the child)
    """Lets the system end this process once nobody can read its result, if there is a signal for that.

    After a server is killed, a child that goes on loading would keep its port."""
    with suppress(OSError, AttributeError):
        fcntl = import_module("fcntl")
        fcntl.fcntl(writer, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(writer, fcntl.F_SETFL, fcntl.fcntl(writer, fcntl.F_GETFL) | os.O_ASYNC)


def _forget_signals() -> None:  # pragma: no cover (in the child)
    """Removes the server's signal handlers, which would act for the parent, and unblocks every signal.

    Some servers block signals in their threads, and this process is a copy of one."""
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for name in _SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def _stop(number: int, frame: object) -> NoReturn:  # pragma: no cover (in the child)
    raise TimeoutError("the load took longer than the timeout of the guard")
