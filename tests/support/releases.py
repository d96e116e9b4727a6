"""A project with a migration, as release folders that a link switches, each with a virtualenv of its own."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.support.harness import Running, Site
from tests.support.waiting import wait_until

PROJECT = {
    "manage.py": """
import os, sys
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "example.settings"
execute_from_command_line(sys.argv)
""",
    "example/__init__.py": "",
    "example/settings.py": """
import os

SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "example.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "downtime", "shop"]
STATIC_URL = "static/"
STATIC_ROOT = os.path.join(os.path.dirname(os.path.dirname(__file__)), "static")
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
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
_PRICED = {
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
_FAILS = "migrations.RunSQL('UPDATE no_such_table SET price = 6'),"
NEXT_RELEASES = {
    "whole": _PRICED,
    "with a migration that fails": {name: text.replace("# more", _FAILS) for name, text in _PRICED.items()},
    "that can't be imported": _PRICED | {"example/settings.py": "import no_such_package\n"},
}


def python_of(virtualenv: Path) -> str:
    """The Python of a virtualenv."""
    return str(virtualenv / "bin" / "python")


def written(folder: Path, files: dict[str, str], example: Path) -> None:
    """Writes these files of the project; flag, schedule and page belong in `shared` in the folder `example`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@folder@", str(example)))


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
        written(release, files, self.folder)
        # With hard links, because nobody changes its content.
        ignored = shutil.ignore_patterns("pip", "setuptools")
        shutil.copytree(self._virtualenv, release / ".venv", symlinks=True, ignore=ignored, copy_function=os.link)
        return release

    def switch(self, release: Path) -> None:
        """Points `current` to the release, in one step."""
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
    """The pids of its children."""
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def reload(server: Running) -> None:
    """Makes gunicorn replace its workers, and returns once the last old one has ended."""
    old = children(server.process.pid)
    server.signal(signal.SIGHUP)
    wait_until(
        lambda: not old & (now := children(server.process.pid)) and len(now) == server.count,
        within=60,
        what="new workers have replaced the old ones",
    )
