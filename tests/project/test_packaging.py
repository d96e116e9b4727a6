"""The sdist holds what a wheel needs, and the wheel what a site needs."""

import email
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.project.test_locale import LANGUAGES
from tests.support.programs import ROOT
from tests.support.readme import block

# Builds with pip, which takes seconds and needs PyPI.
pytestmark = pytest.mark.system

PARTS = ("downtime", "setup.cfg", "setup.py", "README.rst", "LICENSE")
SHIPPED = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "downtime").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}


def run(*command: str, cwd: Path, **environment: str) -> str:
    ran = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packaging")


@pytest.fixture(scope="module")
def sdist(work: Path) -> Path:
    """Built from a copy, so that nothing is left in the checkout."""
    source = work / "source"
    source.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--target", str(work / "tools"), "setuptools", cwd=work)
    run(sys.executable, "setup.py", "-q", "sdist", cwd=source, PYTHONPATH=str(work / "tools"))
    [sdist] = (source / "dist").iterdir()
    return sdist


@pytest.fixture(scope="module")
def wheel(work: Path, sdist: Path) -> Path:
    """Built from the sdist, in an environment of its own."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(
        *pip, "wheel", "--quiet", "--use-pep517", "--no-deps", "--wheel-dir", str(work / "wheels"), str(sdist), cwd=work
    )
    [wheel] = (work / "wheels").iterdir()
    return wheel


def test_the_sdist_holds_every_file_of_the_package(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*SHIPPED, "setup.cfg", "setup.py", "README.rst", "LICENSE"} <= names


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    assert wheel.name == "django_downtime-2.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == SHIPPED
    assert {
        "downtime/py.typed",
        "downtime/templates/downtime/downtime.html",
        "downtime/templates/downtime/banner.html",
        "downtime/templates/admin/downtime/period/change_list.html",
        "downtime/static/downtime/admin.css",
        "downtime/static/downtime/admin.js",
        "downtime/static/downtime/banner.css",
        "downtime/static/downtime/banner.js",
        "downtime/management/commands/downtime_start.py",
        *(f"downtime/locale/{name}/LC_MESSAGES/django.mo" for name in LANGUAGES),
    } <= names
    assert any(name.endswith("/LICENSE") for name in names)


def test_the_metadata_name_what_is_required(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read("django_downtime-2.0.0.dist-info/METADATA"))
    required = metadata.get_all("Requires-Dist", [])
    assert {line.partition(";")[0].strip() for line in required if "extra ==" not in line} == {
        "Django>=5.2",
        "PyYAML>=6.0.1",
        "watchdog!=7.0.0,>=6",
    }
    assert metadata["Requires-Python"] == ">=3.10"
    assert set(metadata.get_all("Provides-Extra", [])) == {"browser", "calendar", "cron", "database", "test", "servers"}


SITE = """
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    ALLOWED_HOSTS=["*"],
    BASE_DIR=".",
    INSTALLED_APPS=["downtime"],
    MIDDLEWARE=["downtime.middleware.DowntimeMiddleware", "django.middleware.locale.LocaleMiddleware"],
    ROOT_URLCONF="urls",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()

import downtime
from django.core.management import call_command
from django.test import Client

print(downtime.__file__)
call_command("downtime_start", "--message", "Back at four.", "--no-wait")
answer = Client().get("/")
german = Client().get("/", headers={"accept-language": "de"})
print("Wegen Wartung nicht erreichbar" in german.text)
print(answer.status_code, "Back at four." in answer.text, 'name="color-scheme"' in answer.text)
"""


def test_it_is_installed_as_the_readme_says(wheel: Path, work: Path) -> None:
    """From the folder of the wheel in the place of PyPI."""
    settings = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": str(wheel.parent)}
    shown = block("pip install django-downtime")
    installing = f"{sys.executable} -m {shown.text}"
    run("bash", "-c", installing, cwd=work, PIP_TARGET=str(work / "target"), **settings)
    assert {str(path.relative_to(work / "target")) for path in work.glob("target/downtime/**/*.html")} <= SHIPPED


def test_a_site_elsewhere_can_use_the_wheel(wheel: Path, work: Path) -> None:
    """With its template, and with the commands that Django finds."""
    installed, site = work / "installed", work / "site"
    site.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    printed = run(sys.executable, "-c", SITE, cwd=site, PYTHONPATH=str(installed)).splitlines()
    assert printed[0] == str(installed / "downtime" / "__init__.py")
    assert printed[-2:] == ["True", "503 True True"]


def test_every_module_can_be_imported_from_the_wheel_itself(wheel: Path, work: Path) -> None:
    """All but the one that Django's admin imports, before there are any settings."""
    modules = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in SHIPPED if name.endswith(".py")
    }
    code = f"""
import {", ".join(sorted(modules - {"downtime.admin"}))}
import django
from django.conf import settings
apps = ["admin", "auth", "contenttypes", "messages", "sessions"]
settings.configure(INSTALLED_APPS=[*(f"django.contrib.{{app}}" for app in apps), "downtime"])
django.setup()
print(django.contrib.admin.site.is_registered(downtime.admin.Period), downtime.admin.__file__)
"""
    printed = run(sys.executable, "-c", code, cwd=work, PYTHONPATH=str(wheel))
    assert printed.startswith(f"True {wheel}")
