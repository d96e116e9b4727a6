"""sample_config/deploy.sh, run as it is written: a real server, a real repository, and a request that is running."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.harness import Running, Site, serving
from tests.support.programs import ROOT, require
from tests.support.waiting import wait_until

SCRIPT = ROOT / "sample_config" / "deploy.sh"
REPOSITORY = "https://git.example.com/example.git"
FILES = {
    "manage.py": "import sys\nfrom django.core.management import execute_from_command_line\n"
    "execute_from_command_line(sys.argv)\n",
    "requirements.txt": "django-downtime\n",
    "released_settings.py": "import os\nfrom tests.support.site.settings import *\n"
    'INSTALLED_APPS = [*APPS, "django.contrib.staticfiles"]\n'
    'STATIC_URL, STATIC_ROOT = "static/", os.path.join(os.path.dirname(os.path.realpath(__file__)), "static")\n',
}
# What the script calls beside Python: systemctl over the server of the test, and pip, which has nothing to install.
# Python notes what it is asked for, before and after, and whether the running request has written by then.
PROGRAMS = {
    "systemctl": 'case "$1" in show) cat "{folder}/pid" ;; *) kill -HUP "$(cat "{folder}/pid")" ;; esac',
    "pip": 'echo "pip $*" >> "{folder}/log"',
    "python": """\
written=$([ ! -e "{folder}/written" ] || echo ", all is written")
echo "$2$written, lock_timeout ${{PGOPTIONS#*=}}" >> "{folder}/log"
"{python}" "$@"
echo "$2 has ended" >> "{folder}/log"
""",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for needed in ("git", "pgrep", "tail"):
        require(needed)
    urls = {"ROOT_URLCONF": "tests.support.site.held", "HELD_FOLDER": str(tmp_path)}
    site = Site(tmp_path, database=str(tmp_path / "site.sqlite3"), settings=urls)
    site.environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}/example/current"
    site.environment["DJANGO_SETTINGS_MODULE"] = "released_settings"
    return site


@pytest.fixture
def script(site: Site) -> Path:
    """The script, adapted to folders of the test, beside a first release."""
    repository, example = site.folder / "repository", site.folder / "example"
    programs = example / ".venv" / "bin"
    for folder in (repository, example / "releases", programs):
        folder.mkdir(parents=True)
    for name, text in FILES.items():
        (repository / name).write_text(text)
    git = ["git", "-C", str(repository), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=All"]):
        subprocess.run([*git, *command], check=True)
    subprocess.run(["git", "clone", "--quiet", repository, example / "releases" / "first"], check=True)
    (example / "current").symlink_to("releases/first")
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\nset -e\n{text.format(folder=site.folder, python=sys.executable)}\n")
        (programs / name).chmod(0o755)
    adapted = site.folder / "deploy.sh"
    text = SCRIPT.read_text()
    assert all(text.count(known) for known in ("\ncd /srv/example\n", f" {REPOSITORY} "))
    adapted.write_text(text.replace("/srv/example", str(example)).replace(REPOSITORY, f"file://{repository}"))
    return adapted


def test_the_site_stays_down_until_the_end_and_nothing_migrates_beside_a_running_request(
    site: Site, script: Path
) -> None:
    """The flag outlives the switch to the new release, whose folder the last answer comes from."""
    log = site.folder / "log"
    with serving(site, "gunicorn sync", workers=2) as server:
        (site.folder / "pid").write_text(str(server.process.pid))
        server.meet()
        with server.connect("/held"):
            wait_until((site.folder / "begun").exists, within=10, what="the request is running")
            with (site.folder / "output").open("wb") as output:
                deploy = subprocess.Popen(["sh", script], env=site.environment, stdout=output, stderr=output)
            until_logged(server, deploy, log, "downtime_start has ended")
            assert {answer.status for answer in server.rounds(200)} == {503}
            assert "pip" not in log.read_text()
            (site.folder / "go").touch()
            until_logged(server, deploy, log, "downtime_end, ")
            assert deploy.wait(30) == 0, (site.folder / "output").read_text()
        server.meet(besides=server.workers)
        assert server.ask().status == 200
    release = os.path.realpath(site.folder / "example" / "current")
    assert Path(release).parent == site.folder / "example" / "releases"
    assert not release.endswith("first")
    assert log.read_text().splitlines() == [
        "downtime_start, lock_timeout ",
        "downtime_start has ended",
        f"pip install -r releases/{Path(release).name}/requirements.txt",
        "migrate, all is written, lock_timeout 5s",
        "migrate has ended",
        "collectstatic, all is written, lock_timeout ",
        "collectstatic has ended",
        "downtime_end, all is written, lock_timeout ",
        "downtime_end has ended",
    ]


def until_logged(server: Running, deploy: subprocess.Popen[bytes], log: Path, text: str) -> None:
    """Returns as soon as that stands in the log; whoever asks after the start and before the end of it is refused."""
    logged = ""
    while text not in logged:
        assert deploy.poll() is None, (log.parent / "output").read_text()
        answers = server.round(may_drop=True)
        before, logged = logged, log.read_text() if log.exists() else ""
        if "downtime_start has ended" in before and "downtime_end" not in logged:
            assert {answer.status for answer in answers} <= {503}
