"""What a request that passes costs, to the same through an empty middleware: up, and while something is down."""

from __future__ import annotations

from tests.benchmarks import schedules
from tests.benchmarks.django_site import APP, EMPTY, Ask, requests, site
from tests.benchmarks.figures import Goal, at_most, compared, tell


def up(periods: int) -> None:
    """A request while the site is up."""
    with site(schedules.ahead(periods)):
        _tell(f"up, {periods:,} planned", Ask(), at_most(1.01), is_async=False)


def beside_parts(periods: int, *, is_async: bool) -> None:
    """A request that none of the active periods covers, as each has a path of its own."""
    with site(schedules.partial(periods), is_async=is_async):
        what = f"passing, {periods:,} partial {'period' if periods == 1 else 'periods'}"
        _tell(what, Ask(), at_most(1.01 if is_async else 1.03), is_async=is_async)


def read_only(*, is_async: bool) -> None:
    """A request that reads while the whole site is read-only."""
    with site(schedules.READ_ONLY, is_async=is_async):
        _tell("passing, GET while read-only", Ask(), at_most(1.01 if is_async else 1.03), is_async=is_async)


def exempt_path(*, is_async: bool) -> None:
    """A request whose path is exempt, while the site is down."""
    with site(schedules.WHOLE, is_async=is_async, DOWNTIME_EXEMPT_PATHS=["/admin", "/healthz"]):
        _tell("exempt path", Ask(path="/healthz"), None if is_async else at_most(1.05), is_async=is_async)


def exempt_network(*, is_async: bool) -> None:
    """A request from a network that is exempt, while the site is down."""
    with site(schedules.WHOLE, is_async=is_async, DOWNTIME_EXEMPT_IPS=["10.0.0.0/8", "127.0.0.0/8"]):
        _tell("exempt network", Ask(), None if is_async else at_most(1.10), is_async=is_async)


def _tell(what: str, ask: Ask, goal: Goal | None, *, is_async: bool) -> None:
    empty, app = (requests(middleware, ask, is_async=is_async) for middleware in (EMPTY, APP))
    assert empty.reply().body == app.reply().body == b"up"
    ratio, seconds = compared(app, empty)
    note = f"{seconds / app.count * 1e6:+.2f} µs a request"
    tell(f"{what}, {'async' if is_async else 'sync'}", ratio, "", goal, note=note)
