"""Deploys as they are: pip replaces what a running site is made of, and releases are switched and rolled back."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.guarded import REFUSED, GuardedSite, Visitors, ask, ask_at_once
from tests.support.harness import Running, Site, serving
from tests.support.programs import require
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


def python_of(virtualenv: Path) -> str:
    return str(virtualenv / "bin" / "python")


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
    with serving(site, name, workers=2, options=[SERVERS[name]], python=python, has_clean_log=False) as server:
        until_all(server.port, 200)
        site.flag.touch()
        until_all(server.port, 503, 200)
        visitors = Visitors(server.port)
        with visitors.coming() as statuses:
            for _ in range(ROUNDS):
                install(virtualenv, wheels, "--force-reinstall", *REPLACED)
        log = server.log.read_text()
        print(f"{name}, {ROUNDS} rounds: {dict(statuses)}, slowest {visitors.slowest:.1f} s")
        print(f"{log.count(NOT_LOADED)} stand-ins, {log.count('needs a new process')} spoiled")
        dropped = statuses.pop(REFUSED, 0)
        assert dropped <= (statuses.total() / REPLACED_AFTER if name in MAY_DROP else 0)
        assert set(statuses) == {503}
        assert statuses.total() > 2 * REPLACED_AFTER
        site.flag.unlink()
        until_all(server.port, 200, 503, REFUSED)


PROJECT = {
    "manage.py": """
import os, sys
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
execute_from_command_line(sys.argv)
""",
    "example/__init__.py": "",
    "example/settings.py": """
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "example.urls"
INSTALLED_APPS = ["downtime", "shop"]
MIDDLEWARE = ["downtime.middleware.DowntimeMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "@folder@/site.sqlite3"}}
USE_TZ = True
TIME_ZONE = "UTC"
DOWNTIME_SCHEDULE_FILE = "@folder@/shared/downtime.yml"
DOWNTIME_FLAG_FILE = "@folder@/shared/downtime.flag"
DOWNTIME_PAGE_FILE = "@folder@/shared/downtime.html"
""",
    "example/wsgi.py": """
import os
from downtime import guard

os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
application = guard.wsgi(
    flag_file="@folder@/shared/downtime.flag",
    schedule_file="@folder@/shared/downtime.yml",
    time_zone="UTC",
    page_file="@folder@/shared/downtime.html",
)
""",
    "example/urls.py": """
import os
import django
from django.http import HttpResponse
from django.urls import re_path
from shop.models import Item

def home(request):
    return HttpResponse(f"{[*Item.objects.values_list()]} by {os.path.realpath(django.__file__)}")

urlpatterns = [re_path("", home)]
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.db import models

class Item(models.Model):
    name = models.TextField()
    # more
""",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """
from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Item", [("id", models.AutoField(primary_key=True)), ("name", models.TextField())]),
        migrations.RunSQL("INSERT INTO shop_item (name) VALUES ('lamp')"),
    ]
""",
}
PRICED = {
    "shop/models.py": PROJECT["shop/models.py"].replace("# more", "price = models.IntegerField(default=5)"),
    "shop/migrations/0002_item_price.py": """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField("Item", "price", models.IntegerField(default=5)),
        # more
    ]
""",
}
FAILS = "migrations.RunSQL('UPDATE no_such_table SET price = 6'),"
NEXT_RELEASES = {
    "whole": PRICED,
    "with a migration that fails": {name: text.replace("# more", FAILS) for name, text in PRICED.items()},
    "that can't be imported": PRICED | {"example/settings.py": "import no_such_package\n"},
}


class Releases(Site):
    """Folders of releases, each with a virtualenv of its own; `current` leads to one, `shared` is beside them."""

    package = "example"

    def __init__(self, folder: Path, virtualenv: Path) -> None:
        super().__init__(folder)
        self.shared = folder / "shared"
        self.shared.mkdir()
        self.flag = self.shared / "downtime.flag"
        self.current = folder / "current"
        self._virtualenv = virtualenv
        self.environment["DJANGO_SETTINGS_MODULE"] = "example.settings"

    def add(self, number: int, files: dict[str, str]) -> Path:
        """A new release of these files."""
        release = self.folder / "releases" / str(number)
        for name, text in files.items():
            path = release / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("@folder@", str(self.folder)))
        # By hard links, as nobody changes what is in it.
        ignored = shutil.ignore_patterns("pip", "setuptools")
        shutil.copytree(self._virtualenv, release / ".venv", symlinks=True, ignore=ignored, copy_function=os.link)
        return release

    def switch(self, release: Path) -> None:
        """Links it, in one step."""
        new = self.folder / "current.new"
        new.symlink_to(release.relative_to(self.folder))
        new.replace(self.current)

    def managed(self, release: Path, *arguments: str) -> int:
        """The exit code of a command of that release."""
        command = [python_of(release / ".venv"), str(release / "manage.py"), *arguments]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        print(ran.stdout, ran.stderr)
        return ran.returncode


def children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def reload(server: Running) -> None:
    """Has gunicorn replace its workers, and returns when the last old one has ended."""
    old = children(server.process.pid)
    server.signal(signal.SIGHUP)
    wait_until(
        lambda: not old & (now := children(server.process.pid)) and len(now) == server.count,
        within=BACK_WITHIN,
        what="new workers have replaced the old ones",
    )


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
