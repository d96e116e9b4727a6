"""Deploys as they are: pip replaces what a running site is made of, and releases are switched and rolled back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.guarded import REFUSED, GuardedSite, Visitors, ask, ask_at_once
from tests.support.harness import Running, serving
from tests.support.programs import require
from tests.support.releases import NEXT_RELEASES, PROJECT, Releases, python_of, reload
from tests.support.waiting import wait_until

REPLACED = ("Django", "PyYAML", "watchdog")
REPLACED_AFTER = 25
"""Requests, after which a server replaces a worker."""
SERVERS = {
    "gunicorn sync": f"--max-requests={REPLACED_AFTER}",
    "gunicorn gthread": f"--max-requests={REPLACED_AFTER}",
    "uvicorn --workers": f"--limit-max-requests={REPLACED_AFTER}",
}
# A worker of uvicorn that ends closes connections whose request it has not read yet, with or without the app.
MAY_DROP = {"uvicorn --workers"}
ROUNDS = int(os.environ.get("DEPLOY_ROUNDS", "1"))
"""How often pip replaces everything; each time takes ten seconds, and more on a machine that has other things to do."""
BACK_WITHIN = 60.0
NOT_LOADED = "the site can't be loaded:"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the site and its servers need, in the versions of the tests."""
    for needed in ("gunicorn", "uvicorn"):
        require(needed)
    folder = tmp_path_factory.mktemp("wheels")
    needed = [f"{name}=={version(name)}" for name in (*REPLACED, "gunicorn", "uvicorn")]
    run(sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), *needed)
    return folder


@pytest.fixture(scope="module")
def virtualenv(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtualenv with the site's packages and the servers; the app itself comes from the checkout."""
    folder = tmp_path_factory.mktemp("virtualenv") / ".venv"
    run(sys.executable, "-m", "venv", str(folder))
    install(folder, wheels, *REPLACED, "gunicorn", "uvicorn")
    return folder


def install(virtualenv: Path, wheels: Path, *arguments: str) -> None:
    """Installs from these wheels alone, as fast as the disk is and not the network."""
    run(python_of(virtualenv), "-m", "pip", "install", "--quiet", "--no-index", f"--find-links={wheels}", *arguments)


def run(*command: str) -> None:
    """Runs a command that has to succeed, and is not told of the tests' own path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_FIND"))}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def until_all(port: int, status: int, *others: int) -> None:
    """Returns once every worker answers so; until then each may answer by one of the others."""

    def is_so() -> bool:
        statuses = {reply.status for _ in range(3) for reply in ask_at_once(port)}
        assert statuses <= {status, *others}, statuses
        return statuses == {status}

    wait_until(is_so, within=BACK_WITHIN, what=f"every worker answers {status}")


@pytest.mark.parametrize("name", SERVERS)
def test_pip_replaces_django_under_a_running_site_and_nobody_is_refused(
    tmp_path: Path, wheels: Path, virtualenv: Path, name: str
) -> None:
    """The site was loaded, and its workers are replaced all the time. Nobody starts it again by hand."""
    site = GuardedSite(tmp_path)
    python = python_of(virtualenv)
    may_drop = {REFUSED} if name in MAY_DROP else set()
    with serving(site, name, workers=2, options=[SERVERS[name]], python=python, has_clean_log=False) as server:
        until_all(server.port, 200, *may_drop)
        site.flag.touch()
        until_all(server.port, 503, 200, *may_drop)
        visitors = Visitors(server.port)
        with visitors.coming() as statuses:
            for _ in range(ROUNDS):
                install(virtualenv, wheels, "--force-reinstall", *REPLACED)
            enough = 2 * REPLACED_AFTER
            wait_until(lambda: statuses.total() > enough, within=BACK_WITHIN, what="each worker has been replaced")
        log = server.log.read_text()
        print(f"{name}, {ROUNDS} rounds: {dict(statuses)}, slowest {visitors.slowest:.1f} s")
        print(f"{log.count(NOT_LOADED)} stand-ins, {log.count('needs a new process')} spoiled")
        dropped = statuses.pop(REFUSED, 0)
        assert dropped <= (statuses.total() / REPLACED_AFTER if may_drop else 0)
        assert set(statuses) == {503}
        site.flag.unlink()
        until_all(server.port, 200, 503, REFUSED)


@contextmanager
def everybody_gets(server: Running, status: int) -> Iterator[None]:
    """Visitors come as long as the block lasts, and no fewer than thirty."""
    with Visitors(server.port).coming() as statuses:
        yield
        wait_until(lambda: statuses.total() > 30, within=BACK_WITHIN, what="visitors have come")
    assert set(statuses) == {status}


@pytest.mark.parametrize("how", NEXT_RELEASES)
def test_a_release_is_switched_or_rolled_back_and_visitors_see_nothing_but_the_down_page(
    tmp_path: Path, virtualenv: Path, how: str
) -> None:
    """Flag, schedule and page are beside the releases, so that they outlive the switch there and back."""
    site = Releases(tmp_path, virtualenv)
    first = site.add(1, PROJECT)
    assert site.managed(first, "migrate") == 0
    site.switch(first)
    python, options = python_of(site.current / ".venv"), [f"--chdir={site.current}"]
    with serving(site, "gunicorn sync", workers=2, options=options, python=python, has_clean_log=False) as server:
        with everybody_gets(server, 200):
            second = site.add(2, PROJECT | NEXT_RELEASES[how])
        assert ask(server.port).body == f"[(1, 'lamp')] by {django_of(first)}"
        assert site.managed(first, "downtime_start", "--message", "A new release.") == 0
        with everybody_gets(server, 503):
            site.switch(second)
            reload(server)
            assert "A new release." in ask(server.port).body
            is_whole = site.managed(second, "migrate") == 0
            assert is_whole == (how == "whole")
            if not is_whole:
                site.switch(first)
                reload(server)
        assert site.managed(site.current, "downtime_end") == 0
        until_all(server.port, 200, 503)
        with everybody_gets(server, 200):
            body = ask(server.port).body
        release, row = (second, (1, "lamp", 5)) if is_whole else (first, (1, "lamp"))
        assert body == f"[{row}] by {django_of(release)}"


def django_of(release: Path) -> str:
    [found] = release.glob(".venv/lib/*/site-packages/django/__init__.py")
    return str(found)
