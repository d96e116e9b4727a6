"""Hosts of a fleet that are processes of this machine, for a project as startproject makes it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

FLAG = "downtime.fleet.flag"
_SETTINGS = """
import os
CACHES = {{
    "default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "fleet": {{"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:{port}/0"}},
}}
INSTALLED_APPS.append("downtime")
DOWNTIME_FLEET_CACHE = "fleet"
DOWNTIME_FLEET_FLAG_FILE = BASE_DIR / os.environ.get("HOST", "") / "{flag}"
LOGGING = {{"version": 1, "disable_existing_loggers": False, "loggers": {{"downtime": {{"level": "ERROR"}}}}}}
"""
DJANGO_ALONE = "import django, time; django.setup(); time.sleep(1_000_000)"


def make_project(folder: Path, port: int, hosts: Iterable[str]) -> None:
    """Makes it, with a folder for each host, and sets this process up for it."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "example", str(folder)], check=True)
    with (folder / "example" / "settings.py").open("a") as module:
        module.write(_SETTINGS.format(port=port, flag=FLAG))
    for host in hosts:
        (folder / host).mkdir()
    sys.path.insert(0, str(folder))
    os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
    django.setup()


@contextmanager
def process(folder: Path, *command: str, **environment: str) -> Iterator[int]:
    """The id of a process that runs in that folder until the block ends."""
    started = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment})
    try:
        yield started.pid
    finally:
        started.kill()
        started.wait()


def memory(pid: int, name: str) -> float:
    """What smaps_rollup says under that name, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
