"""Runs a test suite in its own environment and writes down how each test ended: within.py OUTCOMES FILES COMMAND …

COMMAND is `pytest` or a script, with arguments. FILES is the folder of the schedule and the flag; if it is `-`, the
app is not installed. Nothing of our `tests` can be imported here, as the suite has a package of that name too."""

import json
import runpy
import sys
import unittest
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

outcomes: dict[str, str] = {}
entered: list[bool] = []
"""Of each call of the middleware, whether a part of the site was down."""


def with_ours(middleware: Iterable[str]) -> list[str]:
    """The middleware of a site, and ours before it."""
    ours = "downtime.middleware.DowntimeMiddleware"
    return [ours, *(name for name in middleware if name != ours)]


class MiddlewareFirst:
    """The settings as Django's handlers see them: our middleware stands before whatever a test has set."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._settings, name)
        return with_ours(value) if name == "MIDDLEWARE" else value


def install(files: Path) -> None:
    """Has `django.setup` install the app, and each handler put the middleware first."""
    import django
    from django.conf import settings
    from django.core.handlers import base

    from downtime import live
    from downtime.middleware import DowntimeMiddleware

    set_up, call = django.setup, DowntimeMiddleware.__call__

    def setup(*args: Any, **kwargs: Any) -> None:
        if "downtime" not in settings.INSTALLED_APPS:  # some tests call it once more
            settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "downtime"]
            settings.MIDDLEWARE = with_ours(settings.MIDDLEWARE)
            settings.DOWNTIME_FLAG_FILE = files / "downtime.flag"
            settings.DOWNTIME_SCHEDULE_FILE = files / "downtime.yml"
        set_up(*args, **kwargs)

    def counted(self: DowntimeMiddleware, request: Any) -> Any:
        entered.append(bool(live.active()))
        return call(self, request)

    django.setup = setup
    base.settings = MiddlewareFirst(settings)  # type: ignore[attr-defined]
    DowntimeMiddleware.__call__ = counted  # type: ignore[method-assign]


def recorded(name: str) -> Callable[..., None]:
    """The method of unittest's results, which now writes down by its name how a test has ended."""
    method = getattr(unittest.TestResult, name)

    def recording(self: unittest.TestResult, test: unittest.TestCase, *args: Any) -> None:
        outcomes[test.id()] = name
        method(self, test, *args)

    return recording


class PytestRecorder:
    """A plugin of pytest that writes down how each test has ended."""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Called by pytest for the set-up, the call and the teardown of a test."""
        if report.when == "call" or report.outcome != "passed":
            outcomes[report.nodeid] = f"{report.outcome} in {report.when}"


def run(command: list[str]) -> None:
    """Runs the suite, as if it had been started itself."""
    sys.path[0] = ""
    if command[0] == "pytest":
        import pytest

        pytest.main(command[1:], plugins=[PytestRecorder()])
        return
    # A subtest that passes is followed by the success of its test, which overwrites it.
    for end in ("Success", "Failure", "Error", "Skip", "SubTest", "ExpectedFailure", "UnexpectedSuccess"):
        setattr(unittest.TestResult, f"add{end}", recorded(f"add{end}"))
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    record, folder, *rest = sys.argv[1:]
    if folder != "-":
        install(Path(folder))
    try:
        run(rest)
    finally:
        Path(record).write_text(json.dumps([outcomes, entered]))
