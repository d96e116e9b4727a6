"""The sdist holds what a wheel and the tests need, and the wheel what a site needs."""

import email
import email.message
import os
import re
import runpy
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

SETUP = runpy.run_path(str(ROOT / "setup.py"))
OF_THE_TESTS: list[str] = SETUP["NEEDED_BY_TESTS"]
PARTS = ("downtime", "setup.cfg", "setup.py", "README.rst", "LICENSE", *OF_THE_TESTS)
TOOLS = ("setuptools", "build", "twine", "check-wheel-contents", "pyroma")
LEFTOVERS = (
    "tests/.downtime.yml.tmp",
    "tests/note.txt",
    "sample_config/downtime.flag",
    "sample_config/screenshots/x.png",
)
SOME_TESTS = (
    *("tests/schedule/test_periods.py", "tests/files/test_parser.py", "tests/test_conf.py", "tests/test_test.py"),
    *("tests/project/test_contributing.py", "tests/project/test_layers.py", "tests/project/test_sample_config.py"),
    "tests/project/test_versions.py",
)
# setup.py and setup.cfg say all that a pyproject.toml would.
UNRATED = "MissingPyProjectToml"
SHIPPED = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "downtime").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
COMMITTED = set(SETUP["source_files"]())


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
def tools(work: Path) -> str:
    """The folder of the tools, for PYTHONPATH."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--target", str(work / "tools"), *TOOLS, cwd=work)
    return str(work / "tools")


@pytest.fixture(scope="module")
def sdist(work: Path, tools: str) -> Path:
    """Built from a copy, so that nothing is left in the checkout; it has leftovers of runs unless it is an sdist."""
    source = work / "source"
    source.mkdir()
    for part in (*PARTS, ".git"):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / part).exists():
            shutil.copy(ROOT / part, source / part)
    if (source / ".git").exists():
        for name in LEFTOVERS:
            (source / name).touch()
    return sdist_of(source, tools)


def sdist_of(source: Path, tools: str) -> Path:
    run(sys.executable, "setup.py", "-q", "sdist", cwd=source, PYTHONPATH=tools)
    [sdist] = (source / "dist").iterdir()
    return sdist


def unpacked(sdist: Path, folder: Path) -> Path:
    shutil.unpack_archive(sdist, folder, filter="data")
    [source] = folder.iterdir()
    return source


def names_in(sdist: Path) -> set[str]:
    """The files in it, apart from what setuptools adds."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    return {name for name in names if name != "PKG-INFO" and not name.startswith("django_downtime.egg-info/")}


@pytest.fixture(scope="module")
def wheel(work: Path, sdist: Path) -> Path:
    """Built from the sdist, in an environment of its own."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(
        *pip, "wheel", "--quiet", "--use-pep517", "--no-deps", "--wheel-dir", str(work / "wheels"), str(sdist), cwd=work
    )
    [wheel] = (work / "wheels").iterdir()
    return wheel


def test_the_sdist_holds_the_package_and_all_that_its_tests_need_and_no_leftovers(sdist: Path) -> None:
    assert names_in(sdist) == {*SHIPPED, *COMMITTED, "setup.cfg", "setup.py", "README.rst", "LICENSE"}
    assert {"tests/conftest.py", "sample_config/manage.py", ".ci/run", ".github/CONTRIBUTING.md"} <= COMMITTED


def test_an_sdist_of_the_sdist_holds_the_same(sdist: Path, tools: str, tmp_path: Path) -> None:
    source = unpacked(sdist, tmp_path)
    (source / "tests" / "__pycache__").mkdir()
    (source / "tests" / "__pycache__" / "conftest.pyc").touch()
    assert names_in(sdist_of(source, tools)) == names_in(sdist)


def test_tests_run_from_the_sdist(sdist: Path, tmp_path: Path) -> None:
    """Some of each kind: of plain values, of files, with Django, and of the project itself."""
    source = unpacked(sdist, tmp_path)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SOME_TESTS)
    printed = run(*command, cwd=source, PYTHONPATH=str(source), PYTEST_ADDOPTS="")
    passed = re.search(r"^(\d+) passed", printed, re.MULTILINE)
    assert passed, printed
    assert int(passed[1]) > 500


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


def test_the_tools_of_the_index_find_no_fault(sdist: Path, wheel: Path, tools: str, work: Path) -> None:
    """The long description can be rendered, the wheel is sound, and nothing is missing in the metadata."""
    python = (sys.executable, "-m")
    run(*python, "twine", "check", "--strict", str(sdist), str(wheel), cwd=work, PYTHONPATH=tools)
    run(*python, "check_wheel_contents", str(wheel), cwd=work, PYTHONPATH=tools)
    rated = run(*python, "pyroma", "--skip-tests", UNRATED, str(sdist), cwd=work, PYTHONPATH=tools)
    assert "Final rating: 10/10" in rated


RENDER = """
import sys
from readme_renderer.rst import render

print(render(sys.argv[1]))
"""


def test_every_picture_and_link_of_the_long_description_leads_somewhere(wheel: Path, tools: str, work: Path) -> None:
    """As the index shows it: to a section, or to an absolute address, which is that of a file if it is ours."""
    page = run(sys.executable, "-c", RENDER, str(metadata_of(wheel).get_payload()), cwd=work, PYTHONPATH=tools)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert [address for address in addresses if not re.match(r"#|https?://|mailto:", address)] == []
    ours = [
        address.removeprefix(start)
        for start in (SETUP["FILE"], SETUP["PICTURE"])
        for address in addresses
        if address.startswith(start)
    ]
    assert ours
    assert [path for path in ours if not (ROOT / path.partition("#")[0]).exists()] == []


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (".. image:: a/b.png", ".. image:: PICTUREa/b.png"),
        ("   .. figure:: a/b.png", "   .. figure:: PICTUREa/b.png"),
        (".. |logo| image:: a/b.png", ".. |logo| image:: PICTUREa/b.png"),
        ("   :target: a/b.png", "   :target: FILEa/b.png"),
        ("see `it <a/b.rst>`_.", "see `it <FILEa/b.rst>`_."),
        ("see `two\nlines <a/b.rst>`__, `it <c#d>`_", "see `two\nlines <FILEa/b.rst>`__, `it <FILEc#d>`_"),
        ("see `<a/b.rst>`_", "see `<FILEa/b.rst>`_"),
        (".. _it: a/b.rst", ".. _it: FILEa/b.rst"),
        *(
            (text, text)
            for text in [
                ".. image:: https://example.com/a.png",
                "`it <https://example.com/>`_ `me <mailto:me@example.com>`_ `section <#it>`_ `root </a>`_",
                "`it <other_>`_",
                ".. _it: other_",
                ".. _it:",
                "``<a/b>`` <a/b> `a <b>` <NAME>",
                "    {% url 'a' %} <a href=\"b\">c</a>",
            ]
        ),
    ],
)
def test_only_relative_addresses_are_made_absolute(written: str, address: str) -> None:
    expected = address.replace("FILE", SETUP["FILE"]).replace("PICTURE", SETUP["PICTURE"])
    assert SETUP["with_absolute_links"](f"before\n{written}\nafter\n") == f"before\n{expected}\nafter\n"


def metadata_of(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read("django_downtime-2.0.0.dist-info/METADATA"))


def test_the_metadata_name_what_is_required(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    required = metadata.get_all("Requires-Dist", [])
    assert {line.partition(";")[0].strip() for line in required if "extra ==" not in line} == {
        "Django>=5.2",
        "PyYAML>=6.0.1",
        "watchdog!=7.0.0,>=6",
    }
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT"
    links = dict(link.split(", ") for link in metadata.get_all("Project-URL", []))
    assert set(links) == {"Documentation", "Changelog", "Source", "Issues"}
    assert all(link.startswith("https://github.com/dstegelman/django-downtime") for link in links.values())
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
