"""The recipes of sample_config for many hosts, run as they are written as far as their programs can be had."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

from tests.support.documents import Answer, Documents
from tests.support.engines import REDIS, Engine
from tests.support.front_servers import SAMPLES, edited
from tests.support.guarded import ask
from tests.support.harness import Running, Site, free_port, serving
from tests.support.kubelet import Volume, merged
from tests.support.programs import require
from tests.support.project import Project, shell
from tests.support.units import complaints, value_of
from tests.support.waiting import wait_until

KUBERNETES = SAMPLES / "kubernetes"
CONFIG_MAP = (KUBERNETES / "configmap.yml").read_text()
MANIFESTS = {path.name: list(yaml.safe_load_all(path.read_text())) for path in sorted(KUBERNETES.iterdir())}
START = (SAMPLES / "heroku" / "start.sh").read_text()
UNIT, SITE_UNIT = ((SAMPLES / "systemd" / name).read_text() for name in ("downtime-follow.service", "example.service"))
SCRIPTS = ["apply_flag.sh", "url/follow.sh", "heroku/start.sh"]
MOUNTED, OWN = "/etc/downtime", "/srv/example/downtime"
FOLLOWS_WITHIN = 10.0  # what takes milliseconds; a schedule that is gone has to stay so for a second


def settings_of(text: str, places: dict[str, str] | None = None) -> dict[str, Any]:
    """The settings in the comments of a recipe, with other paths in the place of its own."""
    for old, new in (places or {}).items():
        text = text.replace(f'"{old}/', f'"{new}/')
    assigned = re.findall(r"^#   ([A-Z_]+) = (.*)$", text, re.MULTILINE)
    return {name: ast.literal_eval(value) for name, value in assigned if name.startswith("DOWNTIME_")}


def commands_of(text: str, program: str) -> list[list[str]]:
    """The words of each line in the comments of a recipe that starts with this program."""
    lines = re.findall(rf"^# +({program} .*)$", text, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def pod_of(name: str) -> dict[str, Any]:
    """What a manifest says of its pods."""
    [deployment] = [made for made in MANIFESTS[name] if made["kind"] == "Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    return dict(deployment["spec"]["template"]["spec"])


def containers_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_a_manifest_mounts_is_there_and_is_a_folder(name: str) -> None:
    pod = pod_of(name)
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounts = [mount for container in containers_of(pod) for mount in container["volumeMounts"]]
    assert {mount["name"] for mount in mounts} == volumes
    for mount in mounts:
        assert mount.keys() <= {"name", "mountPath", "readOnly"}, "a subPath is never updated"


@pytest.mark.parametrize("name", MANIFESTS)
def test_each_path_of_the_settings_is_in_a_mounted_folder_and_what_is_written_in_one_that_can_be(name: str) -> None:
    [web] = pod_of(name)["containers"]
    folders = {mount["mountPath"]: not mount.get("readOnly", False) for mount in web["volumeMounts"]}
    settings = settings_of((KUBERNETES / name).read_text())
    flags = settings["DOWNTIME_FLAG_FILE"]
    # The first is the one that downtime_start raises.
    first, *others = [flags] if isinstance(flags, str) else flags
    assert folders[os.path.dirname(first)]
    files = [*others, *(value for key, value in settings.items() if key.endswith("_FILE") and value != flags)]
    assert files
    assert {os.path.dirname(path) for path in files} <= set(folders)


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_probes_ask_the_port_of_the_server_for_an_exempt_path(name: str) -> None:
    [web] = pod_of(name)["containers"]
    [exempt] = settings_of((KUBERNETES / name).read_text())["DOWNTIME_EXEMPT_EXACT_URLS"]
    [port] = [port["containerPort"] for port in web["ports"]]
    assert web["command"][web["command"].index("--bind") + 1] == f"0.0.0.0:{port}"
    for probe in (web["readinessProbe"], web["livenessProbe"]):
        assert (probe["httpGet"]["path"], probe["httpGet"]["port"]) == (exempt, port)


def test_a_pod_starts_without_the_config_map_which_is_the_one_of_the_manifest() -> None:
    made = {one["kind"]: one["metadata"]["name"] for one in MANIFESTS["configmap.yml"]}
    [source] = [volume["configMap"] for volume in pod_of("configmap.yml")["volumes"] if "configMap" in volume]
    assert source == {"name": made["ConfigMap"], "optional": True}
    for _, verb, *words in commands_of(CONFIG_MAP, "kubectl"):
        if verb == "patch":
            assert words[:2] == ["configmap", made["ConfigMap"]]


class Pod:
    """The site of configmap.yml over two folders: the one of the ConfigMap, and its own."""

    def __init__(self, folder: Path) -> None:
        self.volume = Volume(folder / "etc")
        self.own = folder / "own"
        self.own.mkdir()
        [first] = [made["data"] for made in MANIFESTS["configmap.yml"] if made["kind"] == "ConfigMap"]
        self.data: dict[str, str] = first
        self.volume.show(first)
        places = {MOUNTED: str(self.volume.folder), OWN: str(self.own)}
        self.site = Site(folder, recheck=0.2, settings=settings_of(CONFIG_MAP, places))
        self.down, self.up = (
            merged(self.data, words[-1]) for words in commands_of(CONFIG_MAP, "kubectl") if words[1] == "patch"
        )

    @contextmanager
    def serving(self) -> Iterator[Running]:
        [web] = pod_of("configmap.yml")["containers"]
        workers = int(web["command"][web["command"].index("--workers") + 1])
        with serving(self.site, "gunicorn sync", workers=workers) as server:
            server.meet()
            yield server


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_the_flag_of_a_config_map_takes_every_worker_down_and_brings_it_back(
    pod: Pod, measured: Callable[[str, float], None]
) -> None:
    """By the patches of the recipe, which leave the schedule alone. The path of the probes answers all the time."""
    assert pod.up == pod.data
    with pod.serving() as server:
        for _ in range(3):
            pod.volume.show(pod.down)
            measured("ConfigMap, flag", server.until_all(503, within=FOLLOWS_WITHIN))
            assert b"Back at four." in server.ask().body
            assert {server.ask("/healthz").status for _ in range(8)} == {200}
            pod.volume.show(pod.up)
            measured("ConfigMap, flag gone", server.until_all(200, within=FOLLOWS_WITHIN))
        # A ConfigMap that is deleted leaves an empty folder.
        pod.volume.show(pod.down)
        server.until_all(503, within=FOLLOWS_WITHIN)
        pod.volume.show({})
        server.until_all(200, within=FOLLOWS_WITHIN)


def test_the_schedule_of_a_config_map_counts_and_a_broken_one_leaves_the_last_good_one(
    pod: Pod, measured: Callable[[str, float], None]
) -> None:
    period = {"downtime.yml": "periods:\n  - start: 2020-01-01\n    message: Planned.\n"}
    with pod.serving() as server:
        for number in (1, 2):
            pod.volume.show(period)
            measured("ConfigMap, period", server.until_all(503, within=FOLLOWS_WITHIN))
            pod.volume.show({"downtime.yml": "periods: [\n"})
            wait_until(
                lambda number=number: have_kept_the_last_good_one(server, number),
                within=FOLLOWS_WITHIN,
                what="each worker has told that the schedule is broken",
            )
            assert b"Planned." in server.ask().body
            pod.volume.show(pod.data)
            measured("ConfigMap, period gone", server.until_all(200, within=FOLLOWS_WITHIN))


def have_kept_the_last_good_one(server: Running, times: int) -> bool:
    """Whether each worker has told that often that the schedule is broken; all of them are asked, and down."""
    assert {answer.status for answer in server.round()} == {503}
    lines = [line for line in server.log.read_text().splitlines() if "so the last good schedule stays" in line]
    return all(sum(f"[{worker}]" in line for line in lines) == times for worker in server.workers)


def test_one_pod_is_taken_down_alone_although_the_config_map_can_not_be_written(pod: Pod) -> None:
    require("unshare")
    folder = pod.volume.folder
    [command] = re.findall(r"manage\.py (downtime_start)$", CONFIG_MAP, re.MULTILINE)
    lines = (
        f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}",
        f"{sys.executable} -m django {command}",
        f"! touch {folder}/downtime.flag",
    )
    with pod.serving() as server:
        shell(
            shlex.join(["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", "\n".join(lines)]),
            pod.site.folder,
            pod.site.environment,
        )
        server.until_all(503, within=FOLLOWS_WITHIN)
        assert [path.name for path in pod.own.iterdir()] == ["downtime.flag"]
        pod.site.manage("downtime_end")
        server.until_all(200, within=FOLLOWS_WITHIN)


def programs(folder: Path, texts: dict[str, str]) -> dict[str, str]:
    """An environment in which these programs come first."""
    at = folder / "programs"
    at.mkdir()
    for name, text in texts.items():
        (at / name).write_text(f"#!/bin/sh\n{text}\n")
        (at / name).chmod(0o755)
    return {**os.environ, "PATH": os.pathsep.join((str(at), os.environ["PATH"]))}


def test_the_loop_of_the_config_map_ends_once_each_pod_has_the_flag(tmp_path: Path) -> None:
    """Each `kubectl exec` finds its pod without the flag at first; the next look at it is the one that finds it."""
    [loop] = re.findall(r"^#   (for pod .*\n(?:#   .*\n)+)", CONFIG_MAP, re.MULTILINE)
    texts = {
        "kubectl": f'[ $1 = exec ] || exec echo pod/one pod/two\ncd {tmp_path}/$2 && shift 5 && exec "$@"',
        "sleep": "echo slept >> log; touch downtime.flag",
    }
    for name in ("one", "two"):
        (tmp_path / "pod" / name).mkdir(parents=True)
    text = edited(re.sub(r"^#   ", "", loop, flags=re.MULTILINE), {f"{MOUNTED}/": ""})
    shell(text, tmp_path, programs(tmp_path, texts))
    assert [(tmp_path / "pod" / name / "log").read_text() for name in ("one", "two")] == ["slept\n", "slept\n"]


def test_the_annotation_that_hurries_the_kubelet_is_one_of_the_pods_and_not_of_the_template() -> None:
    [words] = [words for words in commands_of(CONFIG_MAP, "kubectl") if words[1] == "annotate"]
    assert words[2] == "pod"
    name, _, value = words[words.index("--selector") + 2].partition("=")
    assert re.fullmatch(r"[a-z.-]+/[a-z]+", name)
    assert value == "$(date +%s)"
    key, _, label = words[words.index("--selector") + 1].partition("=")
    for made in MANIFESTS["configmap.yml"]:
        if made["kind"] == "Deployment":
            assert made["spec"]["selector"]["matchLabels"] == {key: label}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_no_fault_that_shellcheck_knows(name: str) -> None:
    require("shellcheck")
    assert os.access(SAMPLES / name, os.X_OK)
    subprocess.run(["shellcheck", SAMPLES / name], check=True)


APPLIED = {
    "down": ("down\n", ""),
    "down, without a line end": ("down", ""),
    "down, with a message": ("down\nBack at four.\n", "Back at four.\n"),
    "down, with the keys of a flag": ("down\nmessage: Hi.\nretry_after: 60\n", "message: Hi.\nretry_after: 60\n"),
    "down, from Windows": ("down\r\nBack at four.\r\n", "Back at four.\r\n"),
    "up": ("up\n", "-"),
    "up, without a line end": ("up", "-"),
    "empty": ("", "same"),
    "an empty line": ("\n", "same"),
    "half a word": ("dow", "same"),
    "another word": ("downtime\n", "same"),
    "capitals": ("UP\n", "same"),
    "a space": ("up \n", "same"),
    "a page": ("<!doctype html>\n<title>Not found</title>\nup\n", "same"),
    "two words": ("up down\n", "same"),
}


@pytest.mark.parametrize("before", ["Old.", "-"], ids=["raised before", "lowered before"])
@pytest.mark.parametrize(("text", "after"), APPLIED.values(), ids=APPLIED)
def test_a_document_raises_or_lowers_the_flag_or_changes_nothing(
    tmp_path: Path, text: str, after: str, before: str
) -> None:
    """Here `-` stands for no flag."""
    document, flag = tmp_path / "document", tmp_path / "downtime.flag"
    document.write_bytes(text.encode())
    if before != "-":
        flag.write_text(before)
    ran = subprocess.run([SAMPLES / "apply_flag.sh", document, flag], capture_output=True, text=True)
    assert ran.returncode == 0
    assert bool(ran.stderr) == (after == "same")
    assert (flag.read_bytes().decode() if flag.exists() else "-") == (before if after == "same" else after)
    assert {path.name for path in tmp_path.iterdir()} <= {"document", "downtime.flag"}


def test_a_flag_that_says_the_same_already_keeps_its_age(tmp_path: Path) -> None:
    document, flag = tmp_path / "document", tmp_path / "downtime.flag"
    document.write_text("down\nBack at four.\n")
    flag.write_text("Back at four.\n")
    os.utime(flag, (1, 1))
    subprocess.run([SAMPLES / "apply_flag.sh", document, flag], check=True)
    assert flag.stat().st_mtime == 1


@pytest.mark.parametrize("text", ["up\n", "down\n"], ids=["up", "down"])
def test_a_flag_that_can_not_be_written_has_the_document_brought_again(tmp_path: Path, text: str) -> None:
    """A folder in its place can be neither removed by rm -f nor replaced by a file."""
    document, flag = tmp_path / "document", tmp_path / "downtime.flag"
    document.write_text(text)
    flag.mkdir()
    ran = subprocess.run([SAMPLES / "apply_flag.sh", document, flag], capture_output=True, text=True)
    assert ran.returncode != 0
    assert ran.stderr
    assert not document.exists()
    assert flag.is_dir()


@contextmanager
def following(documents: Documents, folder: Path) -> Iterator[Path]:
    """The flag, while url/follow.sh runs as it is written, except for the paths, the URL and the time of a sleep."""
    flags = folder / "flags"
    flags.mkdir()
    places = {
        OWN: str(flags),
        "/srv/example/apply_flag.sh": str(SAMPLES / "apply_flag.sh"),
        "https://www.example.com/downtime.txt": documents.url,
    }
    script = folder / "follow.sh"
    script.write_text(edited((SAMPLES / "url" / "follow.sh").read_text(), places))
    [flag] = re.findall(r"^flag=(.*)$", script.read_text(), re.MULTILINE)
    environment = programs(folder, {"sleep": f"echo slept >> {folder}/sleeps; exec /bin/sleep 0.02"})
    environment |= {"TMPDIR": str(folder)}
    process = subprocess.Popen(["sh", script], env=environment, cwd=folder)
    try:
        yield Path(flag)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def looks(folder: Path) -> int:
    """How often the loop has begun anew."""
    log = folder / "sleeps"
    return log.read_text().count("\n") if log.exists() else 0


def until_looked(folder: Path, times: int = 3) -> None:
    """Returns once the loop has asked at least that often from now on, less one."""
    last = looks(folder) + times
    wait_until(lambda: looks(folder) >= last, within=30, what=f"{times} more looks")


DOWN, UP = "down\nBack at four.\n", "up\n"
UNHEARD = {
    "not found": Answer(404, UP, '"404"'),
    "broken": Answer(500, UP, '"500"'),
    "moved": Answer(302, UP, '"302"'),
    "of somebody else": Answer(200, "<!doctype html>\nup\n", '"page"'),
    "empty": Answer(200, "", '"empty"'),
    "cut off": Answer(200, "up\nand more", '"cut"', missing=5),
    "no answer": Answer(0, UP, '"none"'),
}


def test_a_document_on_a_web_server_is_followed_and_nothing_else_changes_the_flag(tmp_path: Path) -> None:
    """Be the flag raised or not, and the last document is not asked for again."""
    require("curl")
    with Documents() as documents:
        documents.answer = Answer(200, UP, '"1"')
        with following(documents, tmp_path) as flag:
            for number, said in enumerate((DOWN, UP), 2):
                for answer in UNHEARD.values():
                    documents.answer = answer._replace(text=answer.text.replace(UP, DOWN if said == DOWN else UP))
                    until_looked(tmp_path)
                    assert flag.exists() == (said == UP), answer
                documents.answer = Answer(200, said, f'"{number}"')
                wait_until(
                    lambda said=said: flag.exists() == (said == DOWN), within=30, what=f"the flag is as {said!r} says"
                )
                until_looked(tmp_path)
                assert documents.statuses[-1] == 304
            documents.answer = Answer(200, DOWN, '"4"')
            wait_until(flag.exists, within=30, what="the flag is raised")
            assert flag.read_text() == "Back at four.\n"
            documents.close()
            until_looked(tmp_path)
            assert flag.exists()


def test_a_document_that_came_in_part_or_found_no_room_is_asked_for_again(tmp_path: Path) -> None:
    """Though it has the same ETag the next time."""
    require("curl")
    with Documents() as documents:
        documents.answer = Answer(200, UP, '"1"')
        with following(documents, tmp_path) as flag:
            until_looked(tmp_path)
            documents.answer = Answer(200, DOWN, '"2"', missing=5)
            until_looked(tmp_path)
            assert not flag.exists()
            flag.parent.rmdir()
            documents.answer = Answer(200, DOWN, '"2"')
            until_looked(tmp_path)
            flag.parent.mkdir()
            wait_until(flag.exists, within=30, what="the flag is raised")


ENGINES = {
    "consul-template/downtime.hcl": ("consul", r'contents = "\{\{ key \\"(.*)\\" \}\}"', "destination", "command"),
    "confd/downtime.toml": ("etcdctl", r"^keys = \[\"(.*)\"\]$", "dest", "reload_cmd"),
}


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_put_into_the_engine_is_what_the_flag_says(name: str, tmp_path: Path) -> None:
    """By the commands of the recipe, which here fill the file of the template themselves."""
    program, key_pattern, destination, command = ENGINES[name]
    text = (SAMPLES / name).read_text()
    [key] = re.findall(key_pattern, text, re.MULTILINE)
    [state] = re.findall(rf'^ *{destination} += "(.*)"$', text, re.MULTILINE)
    [applies] = re.findall(rf"^ *{command} += (.*)$", text, re.MULTILINE)
    words = ast.literal_eval(applies)
    words = words if isinstance(words, list) else shlex.split(words)
    assert words[1] == state
    assert os.path.dirname(words[2]) == OWN != os.path.dirname(state)
    if name.startswith("confd"):
        [template] = re.findall(r'^src = "(.*)"$', text, re.MULTILINE)
        assert (SAMPLES / "confd" / template).read_text() == '{{getv "' + key + '"}}\n'
    rendered, flag = tmp_path / "state", tmp_path / "downtime.flag"
    # The value is the word after the key; if that is missing or "-", it is what the program reads.
    put = 'while [ "$1" != put ]; do shift; done; [ "$2" = {key} ] || exit 9\n'
    put += 'case ${{3:--}} in -) cat ;; *) echo "$3" ;; esac > {rendered}'
    environment = programs(tmp_path, {program: put.format(key=key, rendered=rendered)})
    lines = re.findall(rf"^#   ((?:printf .* \| )?{program} .*)$", text, re.MULTILINE)
    for line, expected in zip(lines, ("Back at four.\n", None), strict=True):
        shell(line, tmp_path, environment)
        subprocess.run([SAMPLES / "apply_flag.sh", rendered, flag], check=True)
        assert (flag.read_text() if flag.exists() else None) == expected


def test_the_playbook_raises_and_lowers_the_flag_on_all_hosts_at_once() -> None:
    """And ends for all if it fails on one."""
    text = (SAMPLES / "ansible" / "downtime.yml").read_text()
    [play] = yaml.safe_load(text)
    assert play["any_errors_fatal"] is True
    assert "serial" not in play
    tasks = {task.get("when", ""): task for task in play["tasks"]}
    assert tasks['state == "down"']["ansible.builtin.copy"]["dest"] == "{{ flag }}"
    assert tasks['state == "up"']["ansible.builtin.file"] == {"path": "{{ flag }}", "state": "absent"}
    assert play["vars"]["flag"] == f"{OWN}/downtime.flag"
    variables = [words[-1] for words in commands_of(text, "ansible-playbook")]
    assert json.loads(variables[0]) == {"state": "down", "message": "Back at four."}
    assert variables[1] == "state=up"
    for words in commands_of(text, "ansible-playbook"):
        assert "downtime.yml" in words


def commands() -> list[str]:
    """Each downtime command that a recipe for a fleet runs, or shows in a comment."""
    texts = [(KUBERNETES / name).read_text() for name in MANIFESTS]
    texts += [shlex.join(container["command"]) for name in MANIFESTS for container in containers_of(pod_of(name))]
    value = r"""(?: (?:"[^"]*"|\$?[\w.]+))?"""
    pattern = rf"manage\.py'? '?(downtime_\w+(?: --[a-z-]+{value})*)"
    return sorted({words for text in [*texts, START, UNIT] for words in re.findall(pattern, text)})


def test_the_recipes_run_the_commands_of_a_fleet() -> None:
    assert {words.split()[0] for words in commands()} == {
        "downtime_start",
        "downtime_end",
        "downtime_status",
        "downtime_follow",
    }
    assert {"downtime_follow --once --timeout 60", "downtime_follow", "downtime_end --fleet"} < set(commands())


@pytest.mark.parametrize("command", commands())
def test_each_command_takes_the_options_that_a_recipe_gives_it(command: str) -> None:
    name, *options = shlex.split(command)
    load_command_class("downtime", name).create_parser("manage.py", name).parse_args(options)


@pytest.mark.parametrize(("code", "starts"), [(0, True), (1, False), (2, True)], ids=["known", "unknown", "new"])
def test_a_pod_starts_unless_it_can_not_know_what_was_published(tmp_path: Path, code: int, starts: bool) -> None:
    once, _, _ = containers_of(pod_of("fleet.yml"))
    environment = programs(tmp_path, {"python": f"exit {code}"})
    assert (subprocess.run(once["command"], env=environment).returncode == 0) == starts


def test_a_pod_asks_then_follows_and_then_serves() -> None:
    once, follow, web = containers_of(pod_of("fleet.yml"))
    assert "downtime_follow --once " in once["command"][-1]
    assert "restartPolicy" not in once
    assert follow["restartPolicy"] == "Always"
    assert once["image"] == follow["image"] == web["image"]
    assert once["volumeMounts"] == follow["volumeMounts"] == web["volumeMounts"]


# What a site has there already, and a recheck that keeps no command waiting for long.
OWN_SETTINGS = """
import os
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DOWNTIME_RECHECK = 0.1
"""


class Host:
    """A project with the settings of a recipe, and a port for its server."""

    def __init__(self, project: Project, recipe: str) -> None:
        require("redis")
        self.project, self.port = project, free_port()
        self.engine = Engine(REDIS, project.folder)
        self.files = project.folder / "downtime"
        self.files.mkdir()
        self.flag = (self.files if OWN in recipe else project.folder) / "downtime.fleet.flag"
        [settings] = re.findall(r"^# Settings.*\n((?:#   .*\n)+)", recipe, re.MULTILINE)
        for old, new in ((OWN, str(self.files)), ("redis://redis:6379/1", self.engine.location)):
            settings = settings.replace(old, new)
        with (project.folder / "example" / "settings.py").open("a") as module:
            module.write(OWN_SETTINGS + re.sub(r"^#   ", "", settings, flags=re.MULTILINE))
        project.environment |= {
            "REDIS_URL": self.engine.location,
            "PORT": str(self.port),
            "DYNO": "web.1",
            "PYTHONDEVMODE": "",
            "GUNICORN_CMD_ARGS": "--no-control-socket",
        }

    def first_status(self) -> int:
        """What the first request gets that is answered."""
        statuses: list[int] = []
        wait_until(lambda: bool(statuses.append(ask(self.port).status) or statuses[-1]), within=30, what="it answers")
        return statuses[-1]

    def until(self, status: int) -> None:
        wait_until(lambda: ask(self.port).status == status, within=20, what=f"it answers with {status}")

    def hosts(self) -> list[str]:
        """The hosts that the fleet knows."""
        status = self.project.run("python manage.py downtime_status --fleet --json || true")
        return [host["name"] for host in json.loads(status)["hosts"]]


@pytest.fixture(scope="module")
def first_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.made(tmp_path_factory.mktemp("first") / "site")


@pytest.fixture
def project(first_project: Project, tmp_path: Path) -> Project:
    return first_project.copied(tmp_path / "site")


def test_a_pod_of_a_fleet_that_is_down_is_down_from_its_first_request(project: Project) -> None:
    """And then does what the commands of the recipe say, until it is gone and not missed."""
    text = (KUBERNETES / "fleet.yml").read_text()
    host = Host(project, text)
    start, end = re.findall(r"-- (python manage\.py downtime_(?:start|end) --fleet.*)$", text, re.MULTILINE)
    once, follow, web = (shlex.join(container["command"]) for container in containers_of(pod_of("fleet.yml")))
    served = edited(web, {"0.0.0.0:8000": f"127.0.0.1:{host.port}"})
    with host.engine.running():
        # No host is known as yet.
        project.run(f"{start} --wait 0", code=4)
        project.run(once)
        assert "Back at four." in host.flag.read_text()
        with project.running(follow, "follow.log"), project.running(served, "web.log"):
            assert host.first_status() == 503
            assert "Back at four." in ask(host.port).body
            # The probes pass, to a site that has no such page here.
            assert ask(host.port, "/healthz").status == 404
            wait_until(lambda: host.hosts() == [socket.gethostname()], within=20, what="the pod has confirmed")
            project.run(end)
            assert ask(host.port).status == 200
            project.run(start)
            assert ask(host.port).status == 503
        assert host.hosts() == []
        assert host.flag.exists()


@contextmanager
def started(host: Host, script: str) -> Iterator[int]:
    """The start script of a platform that ends every process of the host by SIGTERM, as Heroku does; its process id."""
    (host.project.folder / "start.sh").write_text(script)
    [command] = re.findall(r"^web: (.*)$", (SAMPLES / "heroku" / "Procfile").read_text(), re.MULTILINE)
    with host.project.running(command, "start.log") as process:
        yield process.pid
        os.killpg(process.pid, signal.SIGTERM)


def followers(group: int) -> list[int]:
    """The process ids of the followers that such a script has started and that run."""
    listed = subprocess.run(["pgrep", "--pgroup", str(group), "--full", "downtime_follow"], capture_output=True)
    return [int(pid) for pid in listed.stdout.split()]


def test_a_dyno_of_a_fleet_that_is_down_is_down_from_its_first_request(project: Project) -> None:
    """And has a follower, whatever becomes of that one."""
    require("pgrep")
    host = Host(project, START)
    start, end = re.findall(r'"(python manage\.py downtime_(?:start|end) --fleet)"$', START, re.MULTILINE)
    with host.engine.running():
        project.run(f"{start} --wait 0", code=4)
        with started(host, START) as group:
            assert host.first_status() == 503
            wait_until(lambda: host.hosts() == ["web.1"], within=20, what="the dyno has confirmed")
            [follower] = followers(group)
            os.kill(follower, signal.SIGKILL)
            project.run(f"{end} --wait 30")
            assert ask(host.port).status == 200
            assert followers(group) != [follower]
        assert host.hosts() == []


@pytest.mark.parametrize("engine", ["away", "new"])
def test_a_dyno_that_can_know_nothing_is_up_says_why_and_follows_later(project: Project, engine: str) -> None:
    host = Host(project, START)
    with ExitStack() as running:
        if engine == "new":
            running.enter_context(host.engine.running())
        running.enter_context(started(host, edited(START, {"--timeout 20": "--timeout 0"})))
        assert host.first_status() == 200
        said = {"away": "can't be known, so web.1 starts as up", "new": "was ever published to the fleet, so web.1"}
        assert said[engine] in (project.folder / "start.log").read_text()
        if engine == "away":
            running.enter_context(host.engine.running())
        wait_until(lambda: host.hosts() == ["web.1"], within=20, what="the dyno follows")
        # A cache that is new may not know each host yet, so that it waits for as long as it may.
        project.run("python manage.py downtime_start --fleet --wait 2")
        assert ask(host.port).status == 503


def test_systemd_knows_each_line_of_the_unit_of_the_follower(tmp_path: Path) -> None:
    require("systemd-analyze")
    unit = tmp_path / "downtime-follow.service"
    assert complaints(UNIT, unit) == []
    assert complaints(UNIT.replace("RestartSec", "RestartSecs"), unit)


def test_the_follower_is_the_user_of_the_site_and_is_started_before_it() -> None:
    assert value_of(UNIT, "Before") == "example.service"
    for key in ("User", "Group", "WorkingDirectory", "Restart"):
        assert value_of(UNIT, key) == value_of(SITE_UNIT, key)
    assert value_of(UNIT, "ExecStart").split()[0] == value_of(SITE_UNIT, "ExecStart").split()[0]


def test_the_unit_of_the_follower_is_ready_though_the_engine_is_away_and_ends_with_the_flag_as_it_is(
    project: Project,
) -> None:
    """As Type=notify and WatchdogSec need it, and within their times."""
    assert (value_of(UNIT, "Type"), value_of(UNIT, "NotifyAccess")) == ("notify", "main")
    host = Host(project, (KUBERNETES / "fleet.yml").read_text())
    host.flag.write_text("Of before.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(project.folder / "notify"))
        project.environment["NOTIFY_SOCKET"] = str(project.folder / "notify")
        python, manage, *words = shlex.split(value_of(UNIT, "ExecStart"))
        assert os.path.basename(python) == "python"
        command = shlex.join(["python", str(project.folder / os.path.basename(manage)), *words])
        with project.running(command, "follow.log") as process:
            listener.settimeout(float(value_of(UNIT, "TimeoutStartSec")))
            assert b"READY=1" in listener.recv(4096)
            listener.settimeout(float(value_of(UNIT, "WatchdogSec")))
            for _ in range(2):
                assert b"WATCHDOG=1" in listener.recv(4096)
            process.terminate()
            assert process.wait(float(value_of(UNIT, "TimeoutStopSec"))) == 0
    assert host.flag.read_text() == "Of before."
