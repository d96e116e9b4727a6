"""The Celery task of README.rst, with real workers and a real Redis."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.harness import free_port
from tests.support.programs import located, require
from tests.support.project import Project
from tests.support.readme import block
from tests.support.waiting import wait_until

# An hour of Redis, and the longest wait of the README, in the same proportion or worse.
VISIBILITY_TIMEOUT = 4
LONGEST_WAIT = 1
CELERY = f"""
import os
from celery import Celery

os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
app = Celery("example", broker=os.environ["BROKER"], include=["example.tasks"])
app.conf.broker_transport_options = {{"visibility_timeout": {VISIBILITY_TIMEOUT}}}
app.conf.broker_connection_retry_on_startup = True
app.set_default()
"""
SETTINGS = """
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / "mails"
DEFAULT_FROM_EMAIL = "example@example.com"
"""
ADDRESSES = ["a@example.com", "b@example.com", "c@example.com"]
SEND = f"""
import example.celery
from example.tasks import send_invoice

for address in {ADDRESSES}:
    send_invoice.delay(address)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for needed in ("celery", "redis", "redis-server", "redis-cli"):
        require(needed)
    project = Project.made(tmp_path / "site")
    project.add(SETTINGS)
    task, bound = re.subn(r"^LONGEST_WAIT = 120\b", f"LONGEST_WAIT = {LONGEST_WAIT}", task_of_readme(), flags=re.M)
    assert bound == 1
    project.write("example/tasks.py", task)
    project.write("example/celery.py", CELERY)
    project.write("example/send.py", SEND)
    return project


def task_of_readme() -> str:
    return block("def send_invoice").text


class Redis:
    """A server of its own, in memory alone."""

    def __init__(self, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"

    def ask(self, *command: str) -> str:
        asked = subprocess.run([located("redis-cli"), "-u", self.url, *command], capture_output=True, text=True)
        return asked.stdout.strip()

    def is_ready(self) -> bool:
        return self.ask("ping") == "PONG"

    def has_nothing_left(self) -> bool:
        """Whether no task waits in the queue, or in a worker that has it for later or at work."""
        return (self.ask("llen", "celery"), self.ask("hlen", "unacked")) == ("0", "0")


@contextmanager
def redis(project: Project) -> Iterator[Redis]:
    port = free_port()
    with project.running(f"redis-server --bind 127.0.0.1 --port {port} --save ''", "redis.log"):
        server = Redis(port)
        wait_until(server.is_ready, within=20, what="Redis is ready")
        project.environment["BROKER"] = server.url
        yield server


@contextmanager
def worker(project: Project, name: str, *options: str) -> Iterator[None]:
    log = project.folder / f"{name}.log"
    command = f"python -m celery -A example.celery worker --hostname={name} --loglevel=info {' '.join(options)}"
    with project.running(command, log.name):
        wait_until(lambda: f"{name} ready." in log.read_text(), within=40, what="the worker is ready")
        yield


def sent(project: Project) -> list[str]:
    """The addresses of the mails that have been sent."""
    text = "".join(path.read_text() for path in project.folder.glob("mails/*"))
    return sorted(re.findall(r"^To: (\S+)$", text, re.MULTILINE))


def test_each_invoice_is_sent_once(project: Project) -> None:
    """Though the downtime lasts longer than the broker lets a worker keep a task, and ends before it was to end.

    A worker that starts meanwhile takes over what has been kept for too long: that is how one is sent twice."""
    project.flag.write_text("duration: 1h")
    with redis(project) as broker, worker(project, "first", "--concurrency=2"):
        project.run("python -m example.send")
        time.sleep(VISIBILITY_TIMEOUT + 2)
        with worker(project, "second", "--pool=solo"):
            time.sleep(3)  # in which it has looked for such tasks
            assert (sent(project), broker.has_nothing_left()) == ([], False)
            project.flag.unlink()
            wait_until(broker.has_nothing_left, within=30, what="no task is left")
            assert sent(project) == ADDRESSES


def test_the_longest_wait_is_far_below_the_visibility_timeout_of_redis() -> None:
    [seconds] = re.findall(r"^LONGEST_WAIT = (\d+)\b", task_of_readme(), re.MULTILINE)
    assert int(seconds) * 10 < 3600
