"""The Celery task of the documentation, with real workers and a real Redis."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.engines import Engine
from tests.support.programs import require
from tests.support.project import Project
from tests.support.readme import block
from tests.support.waiting import wait_until

# An hour of Redis, and the longest wait of the documented task, in the same proportion or worse.
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
    for needed in ("celery", "redis", "redis-server"):
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


def has_nothing_left(broker: Engine) -> bool:
    """Whether no task waits in the queue, or in a worker that has it for later or at work."""
    return (broker.ask("LLEN celery"), broker.ask("HLEN unacked")) == (":0", ":0")


@contextmanager
def redis(project: Project) -> Iterator[Engine]:
    with engines.running(engines.REDIS, project.folder) as broker:
        project.environment["BROKER"] = broker.location
        yield broker


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
            assert (sent(project), has_nothing_left(broker)) == ([], False)
            project.flag.unlink()
            wait_until(lambda: has_nothing_left(broker), within=30, what="no task is left")
            assert sent(project) == ADDRESSES


def test_the_longest_wait_is_far_below_the_visibility_timeout_of_redis() -> None:
    [seconds] = re.findall(r"^LONGEST_WAIT = (\d+)\b", task_of_readme(), re.MULTILINE)
    assert int(seconds) * 10 < 3600
