"""The real front servers, started from the files of sample_config with other paths, ports and addresses."""

import http.client
import os
import pwd
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.harness import free_port
from tests.support.nginx import BEGINNING
from tests.support.programs import APACHE_MODULES, ROOT, located, require
from tests.support.waiting import wait_until

SAMPLES = ROOT / "sample_config"
FOLDER = "/srv/example/downtime"
OFFICE = "127.0.0.2"
ENDS_WITHIN = 15.0

_NGINX = (
    BEGINNING
    + """
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  include {folder}/site;
}}
"""
)
_APACHE = """
{modules}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
TypesConfig /etc/mime.types
{user}
<Directory />
  AllowOverride None
  Require all denied
</Directory>
Include {folder}/site
"""
_CADDY = """
{{
  admin off
  auto_https off
  log {{
    output file {folder}/error.log
  }}
}}
import {folder}/site
"""
_MODULES = ("mpm_event", "authz_core", "alias", "mime", "proxy", "proxy_http", "headers", "rewrite")


@dataclass(frozen=True, slots=True)
class FrontServer:
    """One kind of front server."""

    program: str
    user: str
    """The user that Debian runs it as; the tests do too if they may."""
    main: str
    """The main configuration, which names the site's."""
    options: tuple[str, ...]
    address: tuple[str, str]
    """The line with which a file of sample_config listens, and its replacement, which listens only on `{port}`."""
    user_line: str = ""
    """The line that names that user; empty if it is started as that user."""
    suffix: str = "conf"
    status_if_gone: int = 502
    """The status that it answers by itself if the app is gone."""
    has_spare_page: bool = True
    """Whether it has a page and the headers if nobody has made a page for the downtime."""


FRONT_SERVERS = {
    "nginx": FrontServer(
        "nginx",
        "www-data",
        _NGINX,
        ("-p", "{folder}", "-e", "{folder}/error.log", "-c", "{folder}/main"),
        ("listen 80;", "listen 127.0.0.1:{port};"),
        user_line="user {user};",
    ),
    "Apache": FrontServer(
        "apache2",
        "www-data",
        _APACHE,
        ("-DFOREGROUND", "-f", "{folder}/main"),
        ("<VirtualHost *:80>", "<VirtualHost 127.0.0.1:{port}>"),
        user_line="User {user}\nGroup {user}",
        status_if_gone=503,
        has_spare_page=False,
    ),
    "Caddy": FrontServer(
        "caddy",
        "caddy",
        _CADDY,
        ("run", "--config", "{folder}/main", "--adapter", "caddyfile"),
        ("\nwww.example.com {", "\nhttp://127.0.0.1:{port} {"),
        suffix="Caddyfile",
    ),
}


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="downtime-front-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def sample(server: str, recipe: str, edits: Mapping[str, str] | None = None) -> str:
    """The file of sample_config for that server and recipe, `net` or `wall`, after these replacements."""
    path = SAMPLES / server.lower() / f"{recipe}.{FRONT_SERVERS[server].suffix}"
    return edited(path.read_text(), edits or {})


def edited(text: str, edits: Mapping[str, str]) -> str:
    """The text after these replacements, each of which has to match."""
    for old, new in edits.items():
        assert old in text, f"There is no {old!r} to replace."
        text = text.replace(old, new)
    return text


@dataclass(frozen=True, slots=True)
class Reply:
    """What a front server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    def values(self, name: str) -> list[str]:
        """Every value of that header, repeated as often as it was sent."""
        return self.headers.get_all(name) or []


@dataclass(frozen=True, slots=True)
class Front:
    """A running front server."""

    port: int
    log: Path

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        source: str = "127.0.0.1",
    ) -> Reply:
        """Its reply to a request over a fresh connection from that address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(source, 0))
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read().decode())
        finally:
            connection.close()


@contextmanager
def front(server: str, folder: Path, text: str, *, downtime: Path, app: int) -> Iterator[Front]:
    """That server with that site, its files in the new `folder`, in front of an app on the port `app`.

    `downtime` is the folder of flag and page."""
    kind = FRONT_SERVERS[server]
    require(kind.program)
    folder.mkdir()
    port = free_port()
    is_root = os.geteuid() == 0
    user = kind.user_line.format(user=kind.user) if is_root else ""
    modules = "\n".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in _MODULES)
    (folder / "main").write_text(kind.main.format(folder=folder, port=port, user=user, modules=modules))
    old, new = kind.address
    places = {old: new.replace("{port}", str(port)), FOLDER: str(downtime), "127.0.0.1:8000": f"127.0.0.1:{app}"}
    (folder / "site").write_text(edited(text, places).replace("192.0.2.0/24", f"{OFFICE}/32"))
    command = [located(kind.program), *(option.format(folder=folder) for option in kind.options)]
    account = pwd.getpwnam(kind.user) if is_root and not kind.user_line else None
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def is_listening() -> bool:
        assert process.poll() is None, (folder / "output").read_text()
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        return False

    try:
        wait_until(is_listening, within=20, what=f"{server} listens")
        yield Front(port, folder / "error.log")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=ENDS_WITHIN)
        finally:
            process.kill()
