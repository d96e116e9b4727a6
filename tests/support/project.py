"""A real project, as `django-admin startproject` makes it, with the app installed as README.rst says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.programs import ROOT
from tests.support.readme import of_kind

_WITHIN = 60
_FILLED = """
_before = {{name: value for name, value in globals().items() if name.isupper()}}

{settings}
from tests.support.placeholders import fill

fill(_before, globals())
"""


def environment(programs: Path) -> dict[str, str]:
    """An environment in which `python` is this Python, unless the folder of programs has another one."""
    unset = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONDEVMODE", "VISUAL", "EDITOR")
    path = os.pathsep.join((str(programs), os.path.dirname(sys.executable), os.environ["PATH"]))
    return {**{name: value for name, value in os.environ.items() if name not in unset}, "PATH": path}


def shell(text: str, folder: Path, environment: dict[str, str], *, code: int = 0) -> str:
    """The output of a shell text in that folder, which has to end with that exit code."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_WITHIN,
    )
    assert ran.returncode == code, f"{text}\nended with {ran.returncode}:\n{ran.stdout}"
    return ran.stdout


class Project:
    """The project `example` in a folder, where the shell finds this Python as `python`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.flag = folder / "downtime.flag"
        self.schedule = folder / "downtime.yml"
        self.environment = {**environment(folder / "bin"), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}

    @classmethod
    def made(cls, folder: Path) -> Project:
        """A new project."""
        (folder / "bin").mkdir(parents=True)
        project = cls(folder)
        project.run("python -m django startproject example .")
        project.write("example/maintenance.py", "def has_key(request): ...\n\n\ndef sorry(request, period): ...\n")
        project.add(next(shown.text for shown in of_kind("settings") if "INSTALLED_APPS" in shown.text))
        return project

    def copied(self, folder: Path) -> Project:
        """A copy of it in another folder."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def write(self, name: str, text: str) -> Path:
        """Writes one of the project's files."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def add(self, settings: str, *, to: str = "settings") -> None:
        """Adds settings as README.rst shows them to a settings module."""
        with (self.folder / "example" / f"{to}.py").open("a") as module:
            module.write(_FILLED.format(settings=settings))

    def run(self, text: str, *, code: int = 0) -> str:
        """The output of a shell text in the project's folder, which has to end with that exit code."""
        return shell(text, self.folder, self.environment, code=code)

    def is_down(self) -> bool:
        """Whether the whole site is down, according to downtime_status."""
        return "is down" in self.run("python manage.py downtime_status")

    @contextmanager
    def running(self, command: str, log: str) -> Iterator[subprocess.Popen[bytes]]:
        """A long-running program of the project, with its log; SIGTERM ends it when the block ends."""
        with (self.folder / log).open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env={**self.environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
            process.terminate()
            process.wait(_WITHIN)
        except BaseException:
            print((self.folder / log).read_text())
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
