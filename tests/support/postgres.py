"""A real PostgreSQL for one test run: Debian's, on the loopback address, in a temporary folder, with no password."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.harness import free_port
from tests.support.programs import located, require
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    import psycopg

_VERSIONS = Path("/usr/lib/postgresql")
_BINARIES = max(_VERSIONS.glob("*/bin"), default=_VERSIONS, key=lambda path: int(path.parent.name))
_STARTS_WITHIN = _ENDS_WITHIN = 20.0
_OPTIONS = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": ".", "max_connections": "50"}


class Postgres:
    """A running server, with a database `site` that belongs to the role `web`."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def django(self) -> dict[str, object]:
        """The entry in DATABASES with which a site uses it, as `web`."""
        place = {"HOST": "127.0.0.1", "PORT": self.port, "NAME": "site", "USER": "web"}
        return {"ENGINE": "django.db.backends.postgresql", **place}

    def connect(self, *, database: str = "site") -> psycopg.Connection:
        """A connection of the superuser; each statement is a transaction of its own."""
        import psycopg

        return psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname={database}", autocommit=True)

    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        import psycopg

        try:
            self.connect(database="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def waiting(self) -> int:
        """How many connections wait for a lock."""
        with self.connect() as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return int(count)

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Lets nobody read or write the table inside the block, as while a migration changes it."""
        with self.connect() as connection, connection.transaction():
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield


@contextmanager
def running() -> Iterator[Postgres]:
    """A server, which ends with the block; under root, which it refuses, it runs as the user postgres."""
    for needed in ("psycopg", "setpriv", str(_BINARIES / "initdb")):
        require(needed)
    with tempfile.TemporaryDirectory() as name:
        folder, under = Path(name), []
        if os.geteuid() == 0:
            shutil.chown(folder, pwd.getpwnam("postgres").pw_uid)
            under = [located("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        make = [_BINARIES / "initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync"]
        subprocess.run([*under, *make, "--locale=C", "--encoding=UTF8"], cwd=folder, check=True, capture_output=True)
        server = Postgres(free_port())
        options = [f"--{name}={value}" for name, value in {**_OPTIONS, "port": server.port}.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*under, _BINARIES / "postgres", "-D", "data", *options], cwd=folder, stdout=log, stderr=log
            )
        try:
            wait_until(server.is_ready, within=_STARTS_WITHIN, what="PostgreSQL takes connections")
            with server.connect(database="postgres") as connection:
                connection.execute("CREATE ROLE web LOGIN")
                connection.execute("CREATE DATABASE site OWNER web")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # at once, even with clients connected
            process.wait(_ENDS_WITHIN)
