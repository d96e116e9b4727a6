"""Neither requests nor commands ever ask for a database connection."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.harness import Site, finished, serving
from tests.support.waiting import wait_until

REQUESTS = 1000
RECHECK = 0.2

HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE held (id)")
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_the_database_refuses_every_connection(tmp_path: Path) -> None:
    """1,000 requests up and down, the page and all commands: no connection."""
    site = Site(tmp_path, recheck=RECHECK)
    assert_works(site)
    site.start_manage("showmigrations").communicate()
    assert site.database_calls() == 1


def test_the_database_is_locked_by_another_process(tmp_path: Path) -> None:
    """SQLite under an exclusive lock is nobody's business."""
    database = tmp_path / "locked.sqlite3"
    site = Site(tmp_path, recheck=RECHECK, database=str(database))
    with locked(database):
        assert_works(site)


@pytest.mark.smoke
def test_the_database_is_migrating(tmp_path: Path) -> None:
    """A real `migrate` sleeps inside its transaction meanwhile."""
    site = Site(tmp_path, recheck=RECHECK, database=str(tmp_path / "site.sqlite3"))
    with migrating(site, tmp_path):
        assert_works(site)


def assert_works(site: Site) -> None:
    """Up, down with a page, and up again, by the commands, without a connection."""
    with serving(site, "gunicorn sync", workers=2) as server:
        server.meet()
        assert {answer.status for answer in server.rounds(REQUESTS)} == {200}
        site.manage("downtime_start", "--message", "Faster disks.", "--for", "2h")
        answers = server.rounds(REQUESTS)
        assert {answer.status for answer in answers} == {503}
        assert all(b"Faster disks." in answer.body for answer in answers)
        assert json.loads(site.manage("downtime_status", "--json"))["down"] is True
        assert "Faster disks." in site.manage("downtime_status")
        site.manage("downtime_end")
        server.until_all(200)
    assert site.database_calls() == 0


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process holds the exclusive lock of a SQLite file."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield
        assert holder.poll() is None


@contextmanager
def migrating(site: Site, folder: Path) -> Iterator[None]:
    """`migrate` is inside a transaction; it connects, and succeeds in the end."""
    inside, go_on = folder / "migrating", folder / "migrate-on"
    own = {
        "SITE_MIGRATING": str(inside),
        "SITE_MIGRATE_ON": str(go_on),
        "SITE_DATABASE_CALLS": str(folder / "calls-of-migrate"),
    }
    command = site.start_manage("migrate", environment=own)
    wait_until(inside.exists, within=20.0, what="the migration has begun")
    try:
        yield
        assert command.poll() is None
    finally:
        go_on.touch()
        finished(command)
    assert Path(own["SITE_DATABASE_CALLS"]).exists()
