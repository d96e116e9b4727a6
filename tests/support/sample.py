"""The sample site in a folder of its own, so nothing is left in the checkout: run its commands, serve it."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.harness import free_port
from tests.support.programs import ROOT


def copied(folder: Path) -> Path:
    """The copy of `sample_config`, beside a link to the package, as in a checkout."""
    sample = folder / "checkout" / "sample_config"
    ignored = shutil.ignore_patterns("*.flag", "*.sqlite3*", ".*", "__pycache__")
    shutil.copytree(ROOT / "sample_config", sample, ignore=ignored)
    (sample.parent / "downtime").symlink_to(ROOT / "downtime")
    return sample


def manage(sample: Path, *arguments: str) -> str:
    """The output of a command, which has to succeed."""
    command = [sys.executable, str(sample / "manage.py"), *arguments]
    ran = subprocess.run(command, cwd=sample.parent, env=_environment(), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@contextmanager
def served(sample: Path) -> Iterator[str]:
    """The URL at which `runserver` serves the site, as README.rst starts it; it may not listen yet."""
    port = free_port()
    command = [sys.executable, str(sample / "manage.py"), "runserver", str(port)]
    log = sample.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=sample.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}/"
        assert "Traceback" not in log.read_text()
    finally:
        # The group consists of the server and the child that its reloader has started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def answers(url: str) -> bool:
    """Whether a server answers there, with any response."""
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}
