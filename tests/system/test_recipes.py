"""The recipes of sample_config, run as they are written: the unit, the releases, the workflow and the image."""

import ipaddress
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.front_servers import FOLDER, SAMPLES, edited, front, open_folder, sample
from tests.support.guarded import Visitors, ask
from tests.support.harness import free_port
from tests.support.programs import ROOT, require
from tests.support.project import environment, shell
from tests.support.releases import NEXT_RELEASES, PROJECT, python_of, written
from tests.support.units import complaints, value_of
from tests.support.waiting import wait_until

EXAMPLE = "/srv/example"
REPOSITORY = "https://git.example.com/example.git"
UNIT = (SAMPLES / "systemd" / "example.service").read_text()
WORKFLOW = yaml.safe_load((SAMPLES / "github-actions" / "deploy.yml").read_text())
CHECK = yaml.safe_load((SAMPLES / "github-actions" / "check.yml").read_text())
COMPOSE = yaml.safe_load((SAMPLES / "docker" / "compose.yml").read_text())
DOCKERFILE = (SAMPLES / "docker" / "Dockerfile").read_text().replace("\\\n", "")
# What the recipes call beside Python, git and the like; `systemctl` does to the server of the test what the unit says.
PROGRAMS = {
    "systemctl": 'case "$1" in show) cat {folder}/pid ;; *) MAINPID=$(cat {folder}/pid) && {reload} ;; esac',
    "python3": '{python} -m venv --without-pip "$3"\n'
    'echo {packages} > "$(echo "$3"/lib/python*/site-packages)/packages.pth"\n'
    'printf "#!/bin/sh\\necho pip \\$* >> {folder}/log\\n" > "$3/bin/pip"\nchmod +x "$3/bin/pip"',
    "sudo": 'exec "$@"',
    "sleep": 'echo "sleep $*" >> {folder}/log',
    "ssh": 'echo "ssh $1" >> {folder}/log\nshift\ncd {folder}\neval "$*"',
}
FAILING = "with a migration that fails"


class Host:
    """What a recipe meets on a host: a repository, the folder `example` in the place of /srv/example, and programs."""

    def __init__(self, folder: Path) -> None:
        for needed in ("git", "pgrep", "tail"):
            require(needed)
        self.folder, self.example, self.repository = folder, folder / "example", folder / "repository"
        self.shared = self.example / "shared"
        self.flag = self.shared / "downtime.flag"
        self.log = folder / "log"
        for made in (self.shared, self.example / "releases", self.repository, folder / "programs"):
            made.mkdir(parents=True)
        self.log.touch()
        packages, reload = sysconfig.get_path("purelib"), value_of(UNIT, "ExecReload")
        for name, text in PROGRAMS.items():
            program = folder / "programs" / name
            filled = text.format(folder=folder, python=sys.executable, packages=packages, reload=reload)
            program.write_text(f"#!/bin/sh\nset -e\n{filled}\n")
            program.chmod(0o755)
        kept = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONDEVMODE", "DJANGO_SETTINGS_MODULE")
        }
        path = os.pathsep.join((str(folder / "programs"), os.environ["PATH"]))
        self.environment = {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit({**PROJECT, "requirements.txt": "django-downtime\n"})

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        subprocess.run(["git", "-C", self.repository, *identity, *arguments], check=True)

    def commit(self, files: dict[str, str]) -> None:
        """The next commit, with these files."""
        written(self.repository, files, self.example)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=All")

    def clone(self, name: str) -> Path:
        """The repository as that folder of `example`, with a virtualenv and a migrated database."""
        release = self.example / name
        subprocess.run(["git", "clone", "--quiet", f"file://{self.repository}", release], check=True)
        subprocess.run([self.folder / "programs" / "python3", "-m", "venv", release / ".venv"], check=True)
        command = [python_of(release / ".venv"), release / "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, env=self.environment, check=True)
        return release

    def adapted(self, text: str) -> str:
        """The text of a recipe, with the paths of this host."""
        return edited(text, {EXAMPLE: str(self.example)})

    def start(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        """The command; what it prints is in the file `output`."""
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(command, env=self.environment, stdout=output, stderr=output, **options)

    def printed(self) -> str:
        return (self.folder / "output").read_text()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@contextmanager
def running(host: Host, command: list[str], port: int, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A server, once it answers."""
    server = host.start(command, **options)
    try:
        wait_until(lambda: ask(port).status != 0, within=20, what="the server answers")
        yield server
    except BaseException:
        print(host.printed())
        raise
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def test_systemd_knows_each_line_of_the_unit(tmp_path: Path) -> None:
    require("systemd-analyze")
    unit = tmp_path / "example.service"
    assert complaints(UNIT, unit) == []
    assert complaints(UNIT.replace("RestartSec", "RestartSecs"), unit)


def served_by_the_unit(host: Host, port: int) -> tuple[list[str], str]:
    """The command of the unit, with a port of the test, and the folder in which it is run."""
    text = edited(host.adapted(value_of(UNIT, "ExecStart")), {"127.0.0.1:8000": f"127.0.0.1:{port}"})
    return [*shlex.split(text), "--no-control-socket"], host.adapted(value_of(UNIT, "WorkingDirectory"))


def test_systemd_is_told_when_the_unit_listens(host: Host) -> None:
    """As Type=notify needs it."""
    assert value_of(UNIT, "Type") == "notify"
    (host.example / "current").symlink_to(host.clone("releases/first").relative_to(host.example))
    told = host.folder / "notify"
    port = free_port()
    command, folder = served_by_the_unit(host, port)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(told))
        listener.settimeout(20)
        host.environment["NOTIFY_SOCKET"] = str(told)
        with running(host, command, port, cwd=folder):
            assert b"READY=1" in listener.recv(4096)


@pytest.mark.parametrize("how", NEXT_RELEASES)
def test_a_release_is_deployed_by_the_script_under_the_unit(host: Host, how: str) -> None:
    """Nobody gets anything but the site and the down page; a release that fails is not linked."""
    first = host.clone("releases/first")
    (host.example / "current").symlink_to("releases/first")
    host.commit(NEXT_RELEASES[how])
    script = host.folder / "releases.sh"
    script.write_text(
        edited(host.adapted((SAMPLES / "releases.sh").read_text()), {REPOSITORY: f"file://{host.repository}"})
    )
    port = free_port()
    command, folder = served_by_the_unit(host, port)
    with running(host, command, port, cwd=folder) as server:
        (host.folder / "pid").write_text(str(server.pid))
        visitors = Visitors(port)
        with visitors.coming() as statuses:
            code = host.start(["sh", str(script)]).wait(timeout=120)
        linked = (host.example / "current").resolve()
        if how == "whole":
            assert code == 0, host.printed()
            assert set(statuses) == {200, 503}
            assert linked.parent == first.parent
            assert linked != first
            assert ask(port).body.startswith("[(1, 'lamp', 5)]")
            return
        assert code != 0
        assert linked == first
        # What can't be imported is seen before the site goes down.
        assert set(statuses) == ({200, 503} if how == FAILING else {200})
        assert host.flag.exists() == (how == FAILING)
        [back] = re.findall(r"^# +(current/\S+ \S+ downtime_end)$", script.read_text(), re.MULTILINE)
        subprocess.run(["sh", "-ec", back], cwd=host.example, env=host.environment, check=True)
        assert ask(port).status == 200
        assert ask(port).body.startswith("[(1, 'lamp')]")


def test_the_script_of_the_releases_has_no_fault_that_shellcheck_knows() -> None:
    require("shellcheck")
    assert os.access(SAMPLES / "releases.sh", os.X_OK)
    subprocess.run(["shellcheck", SAMPLES / "releases.sh"], check=True)


def run_steps(host: Host) -> bool:
    """Runs the steps of the workflow whose conditions hold, as GitHub does; whether all have succeeded."""
    [job] = WORKFLOW["jobs"].values()
    host.environment |= {**WORKFLOW["env"], "SSH_KEY": "a key", "SSH_KNOWN_HOSTS": "a host"}
    has_failed = False
    for step in job["steps"]:
        assert step.get("if", "success()") in ("success()", "failure() || cancelled()")
        if has_failed == (step.get("if", "success()") == "success()"):
            continue
        text = step["run"].replace(EXAMPLE, str(host.example / "checkout"))
        has_failed |= host.start(["bash", "-eo", "pipefail", "-c", text], cwd=host.folder).wait(timeout=60) != 0
    return not has_failed


@pytest.mark.parametrize("how", ["whole", FAILING])
def test_the_workflow_brings_the_site_back_only_if_every_step_has_succeeded(host: Host, how: str) -> None:
    host.clone("checkout")
    logs = f'#!/bin/sh\n[ ! -e {host.flag} ] || echo "systemctl $*, while it is down" >> {host.log}\n'
    (host.folder / "programs" / "systemctl").write_text(logs)
    host.commit(NEXT_RELEASES[how])
    has_succeeded = run_steps(host)
    assert has_succeeded == (how == "whole"), host.printed()
    assert host.flag.exists() == (not has_succeeded)
    assert ("::error::" in host.printed()) == (not has_succeeded)
    ssh = f"ssh {WORKFLOW['env']['HOST']}"
    last = ["systemctl reload example.service, while it is down", ssh] if has_succeeded else []
    logged = host.log.read_text().splitlines()
    assert logged == [ssh, ssh, "sleep 30", "pip install --quiet -r requirements.txt", *last]
    assert (host.folder / ".ssh" / "id_ed25519").stat().st_mode & 0o777 == 0o600
    assert (host.folder / ".ssh" / "known_hosts").read_text() == "a host\n"


def test_the_workflow_shows_each_problem_of_the_schedule_beside_its_line(tmp_path: Path) -> None:
    [job] = CHECK["jobs"].values()
    install, check = [step["run"] for step in job["steps"] if "run" in step]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pip").write_text('#!/bin/sh\necho "pip $*"\n')
    (programs / "pip").chmod(0o755)
    around = {**environment(programs), "PYTHONPATH": str(ROOT)}
    assert shell(install, tmp_path, around) == "pip install django-downtime[cron]\n"
    [checked] = CHECK[True]["pull_request"]["paths"]  # "on" is true in YAML 1.1
    schedule = tmp_path / checked
    schedule.write_text("periods: [{cron: 30 3 * * SUN, duration: 45m}]\n")
    assert shell(check, tmp_path, around) == f"{checked} has no problem; it has 1 period.\n"
    schedule.write_text("periods:\n- start: 2026-12-01\n- {cron: 30 3 * * SUN}\n")
    told = f"::error file={checked},line=3::a period with cron needs a duration, such as 45m\n"
    assert shell(check, tmp_path, around, code=1) == told


def test_the_files_of_docker_agree_with_each_other_and_with_the_front_server() -> None:
    """One folder, mounted as such and not file by file; one address; one port."""
    web, proxy = COMPOSE["services"]["web"], COMPOSE["services"]["front"]
    assert web["volumes"] == [f"./downtime:{FOLDER}"]
    assert proxy["volumes"] == ["./net.conf:/etc/nginx/conf.d/default.conf:ro", f"./downtime:{FOLDER}:ro"]
    address = web["networks"]["inside"]["ipv4_address"]
    [network] = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(network["subnet"])
    comment = (SAMPLES / "docker" / "compose.yml").read_text()
    assert f"{address}:8000 instead of 127.0.0.1:8000" in comment
    assert "server 127.0.0.1:8000 " in sample("nginx", "net")
    assert "0.0.0.0:8000" in DOCKERFILE
    assert set(proxy["networks"]) <= set(COMPOSE["networks"])


def test_the_image_brings_the_page_that_the_front_server_shows_once_the_app_is_gone(host: Host) -> None:
    """Each command of the Dockerfile after those of pip, in the folder of a project; docker itself is not needed."""
    app = host.clone("checkout")
    [build] = re.findall(r"^RUN (mkdir .*)$", DOCKERFILE, re.MULTILINE)
    [command] = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    python = python_of(app / ".venv")
    subprocess.run(["sh", "-ec", edited(build, {"python": python})], cwd=app, env=host.environment, check=True)
    with open_folder() as opened:
        mounted = opened / "downtime"
        mounted.mkdir()
        for name in ("example/settings.py", "example/wsgi.py"):
            (app / name).write_text((app / name).read_text().replace(str(host.shared), str(mounted)))
        port = free_port()
        places = {FOLDER: str(mounted), "exec python": f"exec {python}", "0.0.0.0:8000": f"127.0.0.1:{port}"}
        with front("nginx", opened / "front", sample("nginx", "net"), downtime=mounted, app=port) as proxy:
            with running(host, ["sh", "-c", edited(command, places)], port, cwd=app):
                assert proxy.ask().status == 200
                (mounted / "downtime.flag").touch()
                wait_until(lambda: proxy.ask().status == 503, what="the site is down")
            assert (mounted / "downtime.html").read_text() == proxy.ask().body
            assert "<!doctype html>" in proxy.ask().body
            assert proxy.ask(headers={"Accept": "application/json"}).headers.get_content_type() == (
                "application/problem+json"
            )
            (mounted / "downtime.flag").unlink()
            assert proxy.ask().status == 502
