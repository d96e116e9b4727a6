"""The blocks of README.rst and the guides in a real project and in the shell: commands, settings and a script."""

import json
import re
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.guarded import ask
from tests.support.harness import free_port
from tests.support.project import Project, environment, shell
from tests.support.readme import Block, block, of_kind, synopses
from tests.support.sample import copied
from tests.support.waiting import wait_until

# What stands for a value in the synopsis of a command.
VALUES = {
    **{
        "TEXT": "'Back at four.'",
        "TIME": "+2h",
        "DURATION": "2h",
        "SECONDS": "60",
        "URL": "https://status.example.com/",
    },
    **{"PREFIX": "/shop", "NAME": "new-disks", "EXPR": "'30 3 * * SUN'", "ZONE": "Europe/Berlin", "N": "2"},
    **{"BASE": "https://www.example.com/", "FILE": "other.yml", "PATH": "/shop", "METHOD": "POST", "HOST": "web-1"},
}
FLEET = """
CACHES = {{
    "default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "fleet": {{"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "{}"}},
}}
DOWNTIME_FLEET_CACHE = "fleet"
"""
FOLLOW = block("# goes on until it is ended").text.partition("#")[0]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.made(tmp_path_factory.mktemp("first") / "site")


@pytest.fixture
def project(first: Project, tmp_path: Path) -> Project:
    return first.copied(tmp_path / "site")


def test_a_project_with_the_app_has_nothing_to_be_told(project: Project) -> None:
    assert "no issues (0 silenced)" in project.run("python manage.py check --fail-level DEBUG")


def test_the_project_has_no_error_with_these_settings(project: Project, tmp_path: Path) -> None:
    """With all that don't contradict one another at once, in a project with what they name."""
    project.add(FLEET.format(tmp_path / "cache") + '\nTEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]')
    project.write("templates/maintenance.html", "Down for maintenance")
    apart: list[dict[str, Block]] = []
    for shown in of_kind("settings"):
        names = re.findall(r"^([A-Z_]+) =", shown.text, re.MULTILINE)
        fitting = next((together for together in apart if not together.keys() & set(names)), None)
        if fitting is None:
            apart.append(fitting := {})
        fitting.update(dict.fromkeys(names, shown))
    for number, together in enumerate(apart):
        project.write(f"example/settings_{number}.py", "from example.settings import *\n")
        for shown in dict.fromkeys(together.values()):
            project.add(shown.text, to=f"settings_{number}")
        told = project.run(f"python manage.py check --fail-level ERROR --settings=example.settings_{number}")
        assert "downtime.W002" not in told, told  # an unknown setting
    assert sum(map(len, apart)) >= len(of_kind("settings"))


def test_the_test_case_passes(project: Project) -> None:
    project.write("example/tests.py", block("def test_the_site_is_down").text)
    told = project.run("python manage.py test")
    assert re.search(r"Ran 1 test in .*\n\nOK\n", told), told


def test_the_tests_of_a_site_pass(project: Project) -> None:
    project.write("example/tests.py", block("class DownTest").text)
    told = project.run("python manage.py test")
    assert re.search(r"Ran 2 tests in .*\n\nOK\n", told), told


def test_a_flag_file_takes_the_site_down(project: Project) -> None:
    down, up = block("touch downtime.flag  ").text.splitlines()
    project.run(down)
    assert project.is_down()
    project.run(up)
    assert not project.is_down()


def test_a_text_in_the_flag_is_the_message(project: Project) -> None:
    project.run(block("> downtime.flag").text)
    assert "Back at four." in project.run("python manage.py downtime_status")


def test_a_deploy_is_down_from_its_first_command_to_its_last(project: Project) -> None:
    *before, last = block("# here, wait for the requests").text.splitlines()
    for line in before:
        project.run(line)
        assert project.is_down(), line
    project.run(last)
    assert not project.is_down()


def test_a_period_can_be_planned_and_cancelled_in_the_sample_site(tmp_path: Path) -> None:
    sample = copied(tmp_path)
    schedule, before = sample / "downtime.yml", (sample / "downtime.yml").read_bytes()
    plan, cancel = block("downtime_cancel new-disks").text.splitlines()
    shell(plan, sample, environment(sample))
    assert b"name: new-disks" in schedule.read_bytes().removeprefix(before)
    shell(cancel, sample, environment(sample))
    assert schedule.read_bytes() == before


def test_a_migration_gives_up_while_something_holds_a_lock(project: Project) -> None:
    with postgres.running() as database:
        project.add(f"DATABASES = {{'default': {database.django!r}}}")
        project.run("python manage.py migrate auth 0011")
        with database.locked("auth_user"):
            told = project.run(block("PGOPTIONS").text, code=1)
        assert "canceling statement due to lock timeout" in told
        project.run(block("PGOPTIONS").text)


def test_the_link_is_printed(project: Project) -> None:
    project.add('DEBUG = False\nALLOWED_HOSTS = ["www.example.com"]')
    command, shown = block("downtime_link --hours 2").text.splitlines()
    [printed] = project.run(f"{command} 2>/dev/null").splitlines()
    form = re.compile(r"(https://www\.example\.com/\?downtime_bypass=7200\.)\w+\.[\w-]{43}")
    assert form.fullmatch(printed)
    assert form.fullmatch(shown.removeprefix("# "))


def test_the_page_and_its_details_are_written(project: Project) -> None:
    told = project.run(block("downtime_page --to downtime.html").text)
    page, details = project.folder / "downtime.html", project.folder / "downtime.json"
    assert told == f"Wrote the page to {page} and {details}.\n"
    assert "Down for maintenance" in page.read_text()
    assert (project.folder / "details.json").read_bytes() == details.read_bytes()
    assert json.loads(details.read_bytes())["status"] == 503


def test_the_editor_that_is_named_is_opened(project: Project) -> None:
    editor = project.write("bin/nano", "#!/bin/sh\necho 'periods: [{name: new-disks, start: 2020-01-01}]' > \"$1\"\n")
    editor.chmod(0o755)
    [command] = [synopsis for synopsis in synopses() if "downtime_edit" in synopsis]
    project.run(command)
    assert "new-disks" in project.run("python manage.py downtime_status")


def test_a_project_that_can_not_be_imported_is_down_behind_its_guard(project: Project) -> None:
    """By the flag of its settings; after the repair it is up as soon as the flag is gone."""
    project.write("example/wsgi.py", block("guard.wsgi(").text)
    settings = (project.folder / "example" / "settings.py").read_text()
    project.write("example/settings.py", "import nothing_of_that_name\n")
    project.flag.touch()
    port = free_port()
    with project.running(f"python -m gunicorn --bind=127.0.0.1:{port} example.wsgi", "gunicorn.log"):
        wait_until(lambda: ask(port).status == 503, within=20, what="the stand-in answers")
        project.write("example/settings.py", settings)
        project.flag.unlink()
        wait_until(lambda: ask(port).status == 200, within=20, what="the project answers")
    log = (project.folder / "gunicorn.log").read_text()
    assert "No module named 'nothing_of_that_name'" in log
    assert "TIME_ZONE is 'UTC'; give both the same value" in log


def test_a_script_does_nothing_while_the_site_is_down(project: Project) -> None:
    script = block("sys.exit(").text
    project.write("script.py", script)
    [does] = re.findall(r'^print\("(.+)"\)$', script, re.MULTILINE)
    [says] = re.findall(r'sys\.exit\("(.+)"\)$', script, re.MULTILINE)
    assert project.run("python script.py") == f"{does}\n"
    project.flag.touch()
    assert project.run("python script.py", code=1).splitlines()[-1] == says  # below what the log tells


def test_cron_mails_what_is_wrong_with_the_schedule_and_nothing_else(project: Project) -> None:
    command = block("problems=$(").text
    schedule = project.write("downtime.yml", "periods: []\n")
    assert project.run(command) == ""
    schedule.write_text("periods: [{start: soon}]\n")
    assert f"{schedule}:1: start is 'soon'" in project.run(command)


def test_a_visit_at_another_time_is_told(project: Project) -> None:
    project.write("downtime.yml", "periods: [{name: disks, start: 2026-12-01 02:00, duration: 2h, paths: [/shop]}]\n")
    told = project.run(block("--path /shop/cart").text)
    assert "POST /shop/cart is refused because of disks" in told


def test_the_commands_take_what_their_synopses_say(project: Project, tmp_path: Path) -> None:
    """In their order, so that what one has planned another one can cancel; first dry, if they can."""
    project.add('ALLOWED_HOSTS = ["www.example.com"]' + FLEET.format(tmp_path / "cache"))
    project.write("other.yml", "periods: []\n")
    with (
        project.running(f"{FOLLOW} --name web-1", "1.log"),
        project.running(f"{FOLLOW} --name web-2", "2.log"),
    ):
        project.run("python manage.py downtime_end --fleet --wait 3")
        # The editor needs a program of that name: see test_the_editor_that_is_named_is_opened.
        for command in (filled(synopsis) for synopsis in synopses() if "EDITOR=" not in synopsis):
            project.run(command)
            if "--dry-run" in command:
                project.run(command.replace("--dry-run", ""))


def test_one_command_takes_every_host_down_and_names_those_that_do_not_follow(project: Project, tmp_path: Path) -> None:
    project.add(FLEET.format(tmp_path / "cache"))
    other = project.copied(tmp_path / "other")
    command, *printed, _, code = block("$ echo $?").text.splitlines()
    with project.running(f"{FOLLOW} --name web-1", "follower.log"):
        with other.running(f"{FOLLOW} --name web-17", "follower.log") as gone:
            project.run("python manage.py downtime_end --fleet --wait 3")
            gone.kill()
            gone.wait()
        told = project.run(f"{command.removeprefix('$ ')} --wait 3", code=int(code))
        lasting = [line for line in told.splitlines() if not line.endswith(" s left.")]  # a terminal keeps no other
        assert without_values(lasting) == without_values(printed)
        assert (project.folder / "downtime.fleet.flag").exists()
        assert "downtime.fleet.flag" in project.run("python manage.py downtime_end", code=1)


def without_values(lines: list[str]) -> list[str]:
    """The lines without what differs between two fleets."""
    plain = (re.sub(r" of \S+, .*?: the flag|last heard of .*", "", line) for line in lines)
    return [re.sub(r"\d+", "N", line) for line in plain]


def filled(synopsis: str) -> str:
    """The command with all its options, the last of those that exclude one another, and a value for each word."""
    line = " ".join(synopsis.split())
    while "[" in line:  # from the innermost on
        line = re.sub(r"\[([^][]*\| )?([^][|]*)\](?:\.\.\.)?", r"\2", line)
    words = set(re.findall(r"\b[A-Z]+\b", line))
    assert words <= VALUES.keys(), f"{synopsis}: name values for {words - VALUES.keys()} in VALUES of {__name__}"
    return re.sub(r"\b[A-Z]+\b", lambda word: VALUES[word.group()], line)
