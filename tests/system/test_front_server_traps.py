"""The traps of which the files in sample_config warn, each in the real server: what happens with another line there."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.front_servers import FOLDER, FRONT_SERVERS, SAMPLES, Front, Reply, front, open_folder, sample
from tests.support.harness import free_port

PAGE = "The page file."
FLAG = f"-e '{FOLDER}/downtime.flag'"
CONFIGS = [(server, recipe) for server in FRONT_SERVERS for recipe in ("net", "wall")]
FOR_GOOD = "open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;"
TRY_FILES = f"location / {{ root {FOLDER}; try_files /downtime.html @app; }} location @app {{\n        proxy_pass"
IN_THE_HOST = """
    Header always {verb} Retry-After 60 "expr=%{{REQUEST_STATUS}} == 503"
    <Directory"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a front server may enter, with the folder of the page in it."""
    with open_folder() as folder:
        (folder / "downtime").mkdir()
        (folder / "downtime" / "downtime.html").write_text(PAGE)
        yield folder


@pytest.fixture
def flag(folder: Path) -> Path:
    """Where the front server looks for the flag; it is not raised."""
    return folder / "downtime" / "downtime.flag"


@contextmanager
def running(
    folder: Path, server: str, recipe: str, edits: dict[str, str] | None = None, *, app: int | None = None
) -> Iterator[Front]:
    """That server with the file of sample_config after these edits; nobody listens on the port of the app."""
    text = sample(server, recipe, edits)
    with front(
        server,
        folder / f"front-{len(list(folder.iterdir()))}",
        text,
        downtime=folder / "downtime",
        app=app or free_port(),
    ) as front_server:
        yield front_server


def planned(reply: Reply) -> str:
    """What is right in its answer: the status, `planned` if it says so, with when to come back, and the `page`."""
    says_so = reply.values("X-Downtime") == ["planned"] and reply.values("Retry-After") == ["60"]
    return " ".join([str(reply.status), *["planned"] * says_so, *["page"] * (reply.body == PAGE)])


@dataclass(frozen=True)
class Trap:
    """An edit of a file in sample_config, and what comes of it."""

    server: str
    recipe: str
    edits: dict[str, str]
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    flag: str = "file"
    right: str = "503 planned page"
    wrong: str = ""


NAMED = {"error_page 503 /_downtime;": "error_page 503 @page;", "= /_downtime {\n        internal;": "@page {"}
TRAPS = {
    "nginx: error_page with a name": Trap("nginx", "net", NAMED, method="POST", wrong="405 planned"),
    "nginx: an error page within one": Trap("nginx", "net", {"recursive_error_pages on;": ""}, wrong="503"),
    "nginx: return at the level of the server": Trap(
        "nginx", "wall", {"    # A path, not": "    if ($downtime) { return 503; }\n    # A path, not"}, wrong="500"
    ),
    "nginx: try_files": Trap("nginx", "net", {"location / {\n        proxy_pass": TRY_FILES}, wrong="200 page"),
    "nginx: try_files and POST": Trap(
        "nginx", "net", {"location / {\n        proxy_pass": TRY_FILES}, method="POST", wrong="405"
    ),
    "nginx: add_header without always": Trap("nginx", "net", {" always;": ";"}, wrong="503 page"),
    "nginx: -f and a folder": Trap("nginx", "net", {"(-e": "(-f"}, flag="folder", wrong="502"),
    "Apache: ErrorDocument without a condition": Trap(
        "Apache", "net", {FLAG: "true"}, flag="", right="503", wrong="503 planned page"
    ),
    "Apache: -f and a folder": Trap("Apache", "net", {"-e '": "-f '"}, flag="folder", wrong="503"),
    "Caddy: a folder without a slash": Trap(
        "Caddy", "net", {" /downtime.flag/": ""}, flag="folder", right="503 planned page", wrong="502"
    ),
    "Caddy: If-Modified-Since": Trap(
        "Caddy",
        "net",
        {"request_header -If-Modified-Since": ""},
        headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        wrong="503 planned",
    ),
    "Caddy: Range": Trap(
        "Caddy", "net", {"request_header -Range": ""}, headers={"Range": "bytes=0-3"}, wrong="503 planned"
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_another_line_goes_wrong_as_the_comment_says(folder: Path, flag: Path, name: str) -> None:
    trap = TRAPS[name]
    if trap.flag:
        flag.mkdir() if trap.flag == "folder" else flag.touch()
    with running(folder, trap.server, trap.recipe) as right:
        assert planned(right.ask("/", trap.method, headers=trap.headers)) == trap.right
    with running(folder, trap.server, trap.recipe, trap.edits) as wrong:
        assert planned(wrong.ask("/", trap.method, headers=trap.headers)) == trap.wrong


@pytest.mark.parametrize(
    ("lines", "status"),
    {FOR_GOOD: 503, f"{FOR_GOOD} open_file_cache_errors on;": 502}.items(),
    ids=["without errors", "with errors"],
)
def test_nginx_goes_on_believing_that_there_is_no_flag_if_it_keeps_errors(
    folder: Path, flag: Path, lines: str, status: int
) -> None:
    with running(folder, "nginx", "net", {"    listen 80;": f"    {lines}\n    listen 80;"}) as nginx:
        assert nginx.ask().status == 502
        flag.touch()
        assert nginx.ask().status == status


@pytest.mark.parametrize(("server", "recipe"), CONFIGS, ids=[" ".join(config) for config in CONFIGS])
def test_a_link_that_leads_nowhere_is_not_seen(folder: Path, flag: Path, server: str, recipe: str) -> None:
    """Which is a flag for Django."""
    flag.symlink_to(folder / "nowhere")
    with running(folder, server, recipe) as front_server:
        assert planned(front_server.ask()) == str(FRONT_SERVERS[server].status_if_gone)


@pytest.mark.parametrize(("server", "recipe"), CONFIGS, ids=[" ".join(config) for config in CONFIGS])
def test_a_folder_that_it_may_not_enter_counts_as_up_and_the_comment_says_how_to_see_it(
    folder: Path, flag: Path, as_root: None, server: str, recipe: str
) -> None:
    flag.touch()
    comment = (SAMPLES / server.lower() / f"{recipe}.{FRONT_SERVERS[server].suffix}").read_text()
    [test] = [line.removeprefix("#   ") for line in comment.splitlines() if line.startswith("#   sudo -u ")]
    [look] = [line.removeprefix("#   ") for line in comment.splitlines() if line.startswith("#   namei -l ")]

    def printed(command: str) -> str:
        # runuser does the same for root, and is on every Debian.
        line = command.replace(FOLDER, str(flag.parent)).replace("sudo -u", "runuser -u").replace(" test ", " -- test ")
        return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout

    with running(folder, server, recipe) as front_server:
        assert planned(front_server.ask()) == "503 planned page"
        assert printed(test) == "0\n"
        flag.parent.chmod(0o700)
        assert planned(front_server.ask()) == str(FRONT_SERVERS[server].status_if_gone)
        assert printed(test) == "1\n"
        assert f"drwx------ root root {flag.parent.name}\n" in printed(look)
        if server == "nginx":
            assert '" failed (13: Permission denied)' in front_server.log.read_text()


class Busy(BaseHTTPRequestHandler):
    """Answers 503, with when to come back."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Retry-After", "777")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def listening(port: int) -> Iterator[None]:
    """An app on that port."""
    with HTTPServer(("127.0.0.1", port), Busy) as app:
        thread = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            app.shutdown()
            thread.join()


@pytest.mark.parametrize("verb", ["set", "setifempty"])
def test_headers_in_the_host_of_apache_stand_twice_in_the_answer_of_the_app(
    folder: Path, flag: Path, verb: str
) -> None:
    flag.touch()
    port = free_port()
    edits = {"\n    <Directory": IN_THE_HOST.format(verb=verb)}
    with listening(port):
        with running(folder, "Apache", "net", app=port) as right:
            assert right.ask().values("Retry-After") == ["777"]
        with running(folder, "Apache", "net", edits, app=port) as wrong:
            assert sorted(wrong.ask().values("Retry-After")) == ["60", "777"]


def comes_back(folder: Path, server: str, edits: dict[str, str]) -> bool:
    """Whether an app that was gone is asked as soon as it is back."""
    port = free_port()
    with running(folder, server, "net", edits, app=port) as front_server:
        assert front_server.ask().status == FRONT_SERVERS[server].status_if_gone
        with listening(port):
            return front_server.ask().values("Retry-After") == ["777"]


@pytest.mark.parametrize("server", FRONT_SERVERS)
def test_an_app_that_is_back_is_asked_at_once(folder: Path, server: str) -> None:
    assert comes_back(folder, server, {})


def test_nginx_leaves_each_of_several_servers_alone_that_was_gone_unless_it_is_told_not_to(folder: Path) -> None:
    line = "server 127.0.0.1:8000 max_fails=0;"
    assert comes_back(folder, "nginx", {line: line * 2})
    assert not comes_back(folder, "nginx", {line: "server 127.0.0.1:8000;" * 2})


IMPATIENT = {
    "nginx": {"proxy_connect_timeout 2s;": "proxy_read_timeout 1s;"},
    "Apache": {"ProxyPreserveHost On": "ProxyTimeout 1"},
    "Caddy": {
        "\treverse_proxy 127.0.0.1:8000\n": """
    reverse_proxy 127.0.0.1:8000 {
        transport http {
            response_header_timeout 1s
        }
    }
"""
    },
}


@pytest.mark.parametrize("server", IMPATIENT)
def test_an_app_that_hangs_is_gone_once_the_front_server_has_waited(folder: Path, flag: Path, server: str) -> None:
    """For a second here; by default nginx and Apache wait for a minute, and Caddy for ever."""
    flag.touch()
    status = 502 if server == "Apache" else 503  # as a comment in its file says
    with (
        socket.create_server(("127.0.0.1", 0)) as app,
        running(folder, server, "net", IMPATIENT[server], app=app.getsockname()[1]) as front_server,
    ):
        assert planned(front_server.ask()) == f"{status} planned page"
