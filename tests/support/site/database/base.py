"""SQLite that records each connection, and refuses it if no file is named."""

import os
from pathlib import Path

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Adds a line to the file `SITE_DATABASE_CALLS` for each connection."""

    def connect(self) -> None:
        with Path(os.environ["SITE_DATABASE_CALLS"]).open("a") as calls:
            calls.write(f"{os.getpid()}\n")
        if not os.environ["SITE_DATABASE"]:
            raise RuntimeError("Nothing here may open a database connection.")
        super().connect()
