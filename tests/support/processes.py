"""Separate processes: a test names a function, which runs in a fresh interpreter with the app set up."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.programs import ROOT
from tests.support.waiting import wait_until

ENDS_WITHIN = 20.0
FLAG, SCHEDULE = "watched/downtime.flag", "watched/downtime.yml"
RECORDS: list[logging.LogRecord] = []


class _Kept(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        RECORDS.append(record)


def run(
    body: Callable[[Path], object],
    folder: Path,
    *,
    first: str = "",
    under: Iterable[str] = (),
    within: float = ENDS_WITHIN,
    **settings: object,
) -> list[str]:
    """What the app logged while `body(folder)` ran in a process that begins with the code `first`, `under` a tool.

    The process and all its forks have to end in time, with exit code 0 and without a traceback."""
    (folder / "watched").mkdir(exist_ok=True)
    call = (body.__module__, body.__name__, str(folder), settings)
    code = f"{first}\nfrom tests.support.processes import begin\nbegin(*{call!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": "", "PYTHONUNBUFFERED": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*under, sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        code_of_end = process.wait(within)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{body.__name__} did not end within {within:g} s:\n{log.read_text()[-5000:]}")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    text = log.read_text()
    assert code_of_end == 0, text[-5000:]
    assert "Traceback" not in text
    return [line for line in text.splitlines() if " downtime." in line]


def begin(module: str, name: str, folder: str, values: dict[str, object]) -> None:
    """The beginning of such a process."""
    import django
    from django.conf import settings

    paths = {"DOWNTIME_FLAG_FILE": os.path.join(folder, FLAG), "DOWNTIME_SCHEDULE_FILE": os.path.join(folder, SCHEDULE)}
    settings.configure(INSTALLED_APPS=["downtime"], USE_TZ=True, **{**paths, **values})
    django.setup()
    logging.basicConfig(level="WARNING", format="%(process)d %(levelname)s %(name)s: %(message)s")
    logging.getLogger("downtime").setLevel("INFO")
    logging.getLogger().addHandler(_Kept())
    getattr(import_module(module), name)(Path(folder))


# What happens in such a process.


def is_down() -> bool:
    """Whether a request finds the site down."""
    from downtime import live

    return bool(live.answer().active)


def has_said(text: str) -> bool:
    """Whether this very process has logged such a line."""
    return any(record.process == os.getpid() and text in record.getMessage() for record in RECORDS)


def until_watched() -> None:
    """Returns once a watch of this very process works; only requests start one."""
    wait_until(
        lambda: is_down() in (True, False) and has_said(" watches "), what=f"{os.getpid()} has a watch of its own"
    )


def put(flag: Path, *, raised: bool) -> None:
    """Raises or lowers the flag."""
    if raised:
        flag.touch()
    else:
        flag.unlink()


def until_seen(*, raised: bool, who: str = "the process") -> None:
    """Returns once the site is down or up."""
    wait_until(lambda: is_down() is raised, what=f"{who} sees that the site is {'down' if raised else 'up'}")


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def running_threads() -> int:
    """How many threads this process has, as the system counts them."""
    return len(os.listdir("/proc/self/task"))
