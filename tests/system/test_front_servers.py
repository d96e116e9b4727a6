"""The configurations of sample_config in real front servers: who answers which request, and with what."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from tests.support.front_servers import FRONT_SERVERS, OFFICE, Front, Reply, front, open_folder, sample
from tests.support.harness import Site, free_port, serving
from tests.support.programs import require
from tests.support.site.overloaded import BODY as OVERLOADED
from tests.support.waiting import wait_until

PAGE = "<!doctype html><title>The page file ä</title>"
JSON = '{"title": "The page file", "status": 503}'
SETTINGS = {
    "ROOT_URLCONF": "tests.support.site.overloaded",
    "DOWNTIME_EXEMPT_EXACT_URLS": ["/healthz"],
    "DOWNTIME_EXEMPT_IPS": [OFFICE],
    "DOWNTIME_PROXY_COUNT": 1,
    "DOWNTIME_RETRY_AFTER": 120,
}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@dataclass(frozen=True)
class Kind:
    """A kind of request; `{token}` is that of a bypass link."""

    path: str = "/shop/cart?a=1"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    source: str = "127.0.0.1"
    is_let_in: bool = False
    """Whether Django answers it even while the site is down."""
    is_doubtful: bool = False
    """Whether a wall has to leave it to Django, which refuses it."""
    gets_json: bool = False


KINDS = {
    "page": Kind(),
    "POST": Kind(method="POST", body="a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    "HEAD": Kind(method="HEAD"),
    "JSON": Kind(headers={"Accept": "application/json, text/plain, */*"}, gets_json=True),
    "problem details": Kind(headers={"Accept": "text/plain, application/problem+json"}, gets_json=True),
    "POST of JSON": Kind(
        method="POST",
        body="{}",
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        gets_json=True,
    ),
    "browser": Kind(headers={"Accept": BROWSER}),
    "old copy": Kind(headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "Range": "bytes=0-3"}),
    "admin": Kind("/admin/", is_let_in=True),
    "administrator": Kind("/administrator"),
    "health": Kind("/healthz", is_let_in=True),
    "bypass cookie": Kind(headers={"Cookie": "a=b; downtime_bypass={token}"}, is_let_in=True),
    "forged cookie": Kind(headers={"Cookie": "downtime_bypass=7200.1vLx5Y.forged"}, is_doubtful=True),
    "bypass link": Kind("/shop/cart?a=1&downtime_bypass={token}", is_let_in=True),
    "forged link": Kind("/shop/cart?downtime_bypass=7200.1vLx5Y.forged", is_doubtful=True),
    "office": Kind(source=OFFICE, is_let_in=True),
    "claimed office": Kind(headers={"X-Forwarded-For": OFFICE}),
    "way through the admin": Kind("/admin/../shop/cart"),
    "the app's own 503": Kind("/admin/overloaded", is_let_in=True),
}
CONFIGS = [(server, recipe) for server in FRONT_SERVERS for recipe in ("net", "wall")]
STATES = [(app, flag) for app in ("app up", "app gone") for flag in ("flag off", "flag on")]
each_config = pytest.mark.parametrize(("server", "recipe"), CONFIGS, ids=[" ".join(config) for config in CONFIGS])
Cells = dict[tuple[str, str, str], Reply]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a front server may enter."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def downtime(folder: Path) -> Path:
    """The folder of flag and page, with a page."""
    downtime = folder / "downtime"
    downtime.mkdir()
    write_page(downtime)
    return downtime


def write_page(downtime: Path) -> None:
    (downtime / "downtime.html").write_text(PAGE)
    (downtime / "downtime.json").write_text(JSON)


def asked(running: Front, kind: Kind, token: str) -> Reply:
    headers = {name: value.replace("{token}", token) for name, value in kind.headers.items()}
    path = kind.path.replace("{token}", token)
    return running.ask(path, kind.method, headers=headers, body=kind.body, source=kind.source)


def taken(server: str, recipe: str) -> Cells:
    """The replies to each kind of request in each state, by one start of the app and of the front server."""
    cells: Cells = {}
    with open_folder() as folder:
        site = Site(folder, recheck=0, settings=SETTINGS)
        write_page(site.watched)
        token = site.manage("downtime_link", "--url", "http://127.0.0.1/").splitlines()[0].partition("=")[2]

        def take(app: str) -> None:
            for flag in ("flag off", "flag on"):
                if flag == "flag on":
                    site.flag.touch()
                cells.update({(app, flag, name): asked(running, kind, token) for name, kind in KINDS.items()})
            site.flag.unlink()

        with ExitStack() as until_the_end:
            with serving(site, "gunicorn sync", workers=1) as django:
                in_front = front(
                    server, folder / "front", sample(server, recipe), downtime=site.watched, app=django.port
                )
                running = until_the_end.enter_context(in_front)
                take("app up")
            take("app gone")
    return cells


@pytest.fixture(scope="module")
def cells() -> Callable[[str, str], Cells]:
    """What each configuration replied, taken once."""
    known: dict[tuple[str, str], Cells] = {}

    def cells(server: str, recipe: str) -> Cells:
        if (server, recipe) not in known:
            known[server, recipe] = {}  # so that one that does not start is not started again for each cell
            known[server, recipe] = taken(server, recipe)
        return known[server, recipe]

    return cells


class Outcome(Enum):
    """Who answers, and what."""

    SITE = "the site"
    OVERLOADED = "the site, with a 503 of its own"
    LINK = "the app, with the cookie for a link"
    DJANGO = "the app, with its down page"
    FILE = "the front server, with the page file"
    BARE = "the front server, without a word of a downtime"


def expected(recipe: str, app: str, flag: str, name: str) -> Outcome:
    """What the guide and the files of sample_config promise."""
    kind = KINDS[name]
    if app == "app gone":
        return Outcome.FILE if flag == "flag on" else Outcome.BARE
    if name == "the app's own 503":
        return Outcome.OVERLOADED
    if flag == "flag off":
        return Outcome.SITE
    if name == "bypass link":
        return Outcome.LINK
    if kind.is_let_in:
        return Outcome.SITE
    return Outcome.DJANGO if recipe == "net" or kind.is_doubtful else Outcome.FILE


def check(outcome: Outcome, reply: Reply, kind: Kind, status_if_gone: int) -> None:
    """Fails unless the reply is that outcome, with each header once."""
    is_file = outcome is Outcome.FILE
    planned = is_file or outcome is Outcome.DJANGO
    retry_after = {Outcome.DJANGO: ["120"], Outcome.FILE: ["60"], Outcome.OVERLOADED: ["777"]}
    status = {Outcome.SITE: 200, Outcome.LINK: 302, Outcome.BARE: status_if_gone}
    assert reply.status == status.get(outcome, 503)
    assert reply.values("X-Downtime") == (["planned"] if planned else [])
    assert reply.values("Retry-After") == retry_after.get(outcome, [])
    assert len(reply.values("X-Worker")) == (outcome not in (Outcome.FILE, Outcome.BARE))
    assert len(reply.values("Content-Type")) <= 1
    assert ("Set-Cookie" in reply.headers) == (outcome is Outcome.LINK)
    if planned:
        assert len(reply.values("Cache-Control")) == 1
        assert "no-store" in reply.values("Cache-Control")[0]
        assert reply.headers.get_content_type() == ("application/problem+json" if kind.gets_json else "text/html")
    if outcome is Outcome.OVERLOADED:
        assert reply.values("Cache-Control") == ["private"]
    if is_file:
        assert reply.values("Content-Type") == [
            "application/problem+json" if kind.gets_json else "text/html; charset=utf-8"
        ]
    check_body(outcome, reply.body, kind)


def check_body(outcome: Outcome, body: str, kind: Kind) -> None:
    if kind.method == "HEAD":
        assert body == ""
    elif outcome is Outcome.FILE:
        assert body == (JSON if kind.gets_json else PAGE)
    elif outcome is Outcome.SITE:
        assert body == "The site is up."
    elif outcome is Outcome.OVERLOADED:
        assert body == OVERLOADED
    else:
        assert "The page file" not in body


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("app", "flag"), STATES, ids=[", ".join(state) for state in STATES])
@each_config
def test_each_request_is_answered_by_whoever_has_to(
    cells: Callable[[str, str], Cells], server: str, recipe: str, app: str, flag: str, name: str
) -> None:
    require(FRONT_SERVERS[server].program)
    reply = cells(server, recipe)[app, flag, name]
    check(expected(recipe, app, flag, name), reply, KINDS[name], FRONT_SERVERS[server].status_if_gone)


@pytest.fixture
def started(folder: Path, downtime: Path) -> Iterator[Callable[[str, str], Front]]:
    """Starts a front server whose app is gone."""
    with ExitStack() as until_the_end:

        def start(server: str, recipe: str) -> Front:
            gone = front(server, folder / "front", sample(server, recipe), downtime=downtime, app=free_port())
            return until_the_end.enter_context(gone)

        yield start


def told(reply: Reply) -> tuple[list[str], ...]:
    """What it says of a downtime."""
    return tuple(reply.values(name) for name in ("Retry-After", "Cache-Control", "X-Downtime"))


@each_config
def test_a_flag_may_be_a_folder_and_the_page_may_be_missing(
    started: Callable[[str, str], Front], downtime: Path, server: str, recipe: str
) -> None:
    """As nobody has made a page when the first flag is raised by hand."""
    running = started(server, recipe)
    (downtime / "downtime.flag").mkdir()
    assert running.ask().body == PAGE
    for name in ("html", "json"):
        (downtime / f"downtime.{name}").unlink()
    for kind in (KINDS["page"], KINDS["POST of JSON"], KINDS["HEAD"]):
        reply = asked(running, kind, "")
        assert reply.status == 503
        if FRONT_SERVERS[server].has_spare_page:
            assert told(reply) == (["60"], ["no-store"], ["planned"])


@each_config
def test_the_page_and_what_lies_beside_it_are_shown_to_nobody_who_asks_for_them(
    started: Callable[[str, str], Front], downtime: Path, server: str, recipe: str
) -> None:
    """Least of all the schedule."""
    (downtime / "downtime.yml").write_text("periods: []")
    running = started(server, recipe)
    for path in ("/_downtime", "/_downtime.html", "/_downtime.yml", "/_downtime/downtime.yml", "/downtime.yml"):
        reply = running.ask(path)
        assert reply.status >= 400
        assert "page file" not in reply.body
        assert "periods" not in reply.body


@pytest.mark.parametrize(("server", "status"), {"nginx": 503, "Apache": 503, "Caddy": 502}.items())
def test_a_page_that_may_not_be_read_is_told_as_the_configuration_says(
    started: Callable[[str, str], Front], downtime: Path, as_root: None, server: str, status: int
) -> None:
    (downtime / "downtime.flag").touch()
    (downtime / "downtime.html").chmod(0o600)
    reply = started(server, "net").ask()
    assert reply.status == status
    assert "page file" not in reply.body
    if server == "nginx":
        assert told(reply) == (["60"], ["no-store"], ["planned"])


PARTIAL = ["paths: [/search]", "duration: 1m", "read_only: true"]


def test_a_wall_knows_neither_what_the_flag_holds_nor_the_schedule(folder: Path) -> None:
    """As the table of the guide says; the net does, as long as Django lives."""
    site = Site(folder, recheck=0, settings=SETTINGS)
    write_page(site.watched)
    with serving(site, "gunicorn sync", workers=1) as django, ExitStack() as until_the_end:
        net, wall = (
            until_the_end.enter_context(
                front("nginx", folder / recipe, sample("nginx", recipe), downtime=site.watched, app=django.port)
            )
            for recipe in ("net", "wall")
        )
        for text in PARTIAL:
            site.flag.write_text(text)
            os.utime(site.flag, (0, 0))  # so that a minute is over
            assert (net.ask().status, wall.ask().body) == (200, PAGE)
        site.flag.unlink()
        site.schedule.write_text("periods: [{start: 2020-01-01}]")
        wait_until(lambda: net.ask().status == 503, what="Django has read the schedule")
        assert len(wall.ask().values("X-Worker")) == len(net.ask().values("X-Worker")) == 1
