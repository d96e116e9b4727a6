"""The command that starts each kind of server for the small site.

To add one, add an entry to `SERVERS`. If what it needs is not installed, its tests skip; under `CI=true` they fail.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0  # Windows has no root
IS_CI = os.environ.get("CI") == "true"
GRACE = 25  # seconds that a server gives its workers to end
MOD_WSGI = "mod_wsgi for this version of Python"
# Programs of this Python: one of that name elsewhere is of no use.
MODULES = frozenset(
    [
        *["axe_playwright_python", "celery", "channels", "csp", "daphne", "django", "django_redis", "eventlet"],
        *["gevent", "granian", "gunicorn", "hypercorn", "playwright", "psycopg", "pymemcache", "redis", "uvicorn"],
        *["waitress", "websockets"],
    ]
)
APACHE_MODULES = Path("/usr/lib/apache2/modules")


def located(name: str) -> str:
    """The path of a program: beside this Python, whose environment need not be active, or otherwise in PATH or sbin."""
    folders = (os.path.dirname(sys.executable), os.environ["PATH"], "/usr/sbin")
    return shutil.which(name, path=os.pathsep.join(folders)) or name


def require(needed: str) -> None:
    """Skips the test without this tool or module; in CI, fails it."""
    if needed == MOD_WSGI:
        is_there = _has_mod_wsgi()
    elif needed in MODULES:
        is_there = find_spec(needed) is not None
    else:
        is_there = shutil.which(located(needed)) is not None
    if is_there:
        return
    if IS_CI:
        pytest.fail(f"{needed} is not installed, and in CI every test has to run.")
    pytest.skip(f"{needed} is not installed.")


def posix_module(name: str) -> Any:
    """The module of that name, which only POSIX systems have; without it the tests are skipped, and in CI they fail."""
    return import_module(name) if IS_CI else pytest.importorskip(name, reason=f"only POSIX systems have {name}")


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of server; `{port}`, `{workers}`, and the `{folder}` and the `{package}` of the site are filled in."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...]
    watches: bool = True
    """Whether its workers can run a thread that watches."""
    most_workers: int = 8
    reloads: bool = False
    """Whether new workers replace the old ones on SIGHUP."""
    signals_group: bool = False
    """Whether signals go to all its processes, as a terminal sends them."""
    asks_database: bool = False
    prepare: Callable[[Path, Mapping[str, str]], None] = lambda folder, environment: None
    """Writes what the server reads into the site's folder; gets the site's environment."""


def module(name: str, needed: str, *options: str, workers: int = 8, reloads: bool = False) -> Server:
    """A server that is run as `python -m`."""
    command = (sys.executable, "-m", needed, *options)
    return Server(name, command, (needed,), True, workers, reloads)


def gunicorn(name: str, *options: str, needs: str = "gunicorn", watches: bool = True, site: str = "wsgi") -> Server:
    """gunicorn, which by default serves WSGI from one thread per worker."""
    common = (
        "--bind=127.0.0.1:{port}",
        "--workers={workers}",
        f"--graceful-timeout={GRACE}",
        "--no-control-socket",
        "--log-level=warning",
        f"{{package}}.{site}:application",
    )
    command = (sys.executable, "-m", "gunicorn", *options, *common)
    return Server(name, command, ("gunicorn", needs), watches, reloads=True)


def uvicorn(name: str, *, workers: int) -> Server:
    """uvicorn over ASGI; one worker is its only process."""
    options = (
        "--host=127.0.0.1",
        "--port={port}",
        *(("--workers={workers}",) if workers > 1 else ()),
        f"--timeout-graceful-shutdown={GRACE}",
        "--log-level=warning",
        "{package}.asgi:application",
    )
    return module(name, "uvicorn", *options, workers=workers, reloads=workers > 1)


def granian(interface: str) -> Server:
    """granian, whose server is written in Rust."""
    options = (
        f"--interface={interface}",
        "--host=127.0.0.1",
        "--port={port}",
        "--workers={workers}",
        "--respawn-interval=0.2",
        "--log-level=warning",
        f"{{package}}.{interface}:application",
    )
    return module(f"granian {interface}", "granian", *options, reloads=True)


def uwsgi(name: str, *options: str, needs: str = "uwsgi", watches: bool = True) -> Server:
    """uWSGI, which forks behind Python's back."""
    command = (
        located("uwsgi"),
        "--http-socket=127.0.0.1:{port}",
        "--master",
        "--processes={workers}",
        "--die-on-term",
        "--disable-logging",
        f"--virtualenv={sys.prefix}",
        "--module={package}.wsgi:application",
        *options,
    )
    return Server(name, command, ("uwsgi", needs), watches, reloads=True)


def mod_wsgi() -> Server:
    """Apache with mod_wsgi in daemon mode; root starts it as another user with the same access to files."""
    drop = (
        located("setpriv"),
        "--reuid=www-data",
        "--regid=www-data",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    )
    apache = (located("apache2"), "-DFOREGROUND", "-f", "{folder}/apache.conf")
    command = (*drop, *apache) if IS_ROOT else apache
    return Server("mod_wsgi daemon", command, ("setpriv", "apache2", MOD_WSGI), prepare=_write_apache_config)


def _write_apache_config(folder: Path, environment: Mapping[str, str]) -> None:
    modules = ("mpm_event", "authz_core", "wsgi")
    loaded = "".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n" for name in modules)
    names = {name: value for name, value in environment.items() if name.startswith(("SITE_", "DJANGO_"))}
    (folder / "site.wsgi").write_text(
        f"import os\nos.environ.update({names!r})\nfrom {environment['PACKAGE']}.wsgi import application\n"
    )
    (folder / "apache.conf").write_text(
        f"{loaded}"
        "ServerName 127.0.0.1\n"
        f"Listen 127.0.0.1:{environment['PORT']}\n"
        f"DefaultRuntimeDir {folder}\n"
        f"PidFile {folder}/apache.pid\n"
        f"Mutex file:{folder}\n"
        f"ErrorLog {folder}/server.log\n"
        "LogLevel warn\n"
        f"WSGISocketPrefix {folder}/wsgi\n"
        f"WSGIDaemonProcess site processes={environment['WORKERS']} threads=4 "
        f"python-path={environment['PYTHONPATH']}:{sysconfig.get_path('purelib')}\n"
        "WSGIProcessGroup site\n"
        "WSGIApplicationGroup %{GLOBAL}\n"
        f"WSGIScriptAlias / {folder}/site.wsgi\n"
        f"<Directory {folder}>\nRequire all granted\n</Directory>\n"
    )


def _has_mod_wsgi() -> bool:
    shared = APACHE_MODULES / "mod_wsgi.so"
    if not shared.exists():
        return False
    linked = subprocess.run(["ldd", str(shared)], capture_output=True, text=True, check=True).stdout
    return "libpython{}.{}.so".format(*sys.version_info) in linked


SERVERS = {
    server.name: server
    for server in (
        gunicorn("gunicorn sync"),
        gunicorn("gunicorn sync --preload", "--preload"),
        gunicorn("gunicorn gthread", "--worker-class=gthread", "--threads=4"),
        gunicorn("gunicorn gthread --preload", "--worker-class=gthread", "--threads=4", "--preload"),
        gunicorn("gunicorn gevent", "--worker-class=gevent", needs="gevent", watches=False),
        gunicorn("gunicorn gevent --preload", "--worker-class=gevent", "--preload", needs="gevent", watches=False),
        gunicorn("gunicorn asgi", "--worker-class=asgi", site="asgi"),
        uvicorn("uvicorn", workers=1),
        uvicorn("uvicorn --workers", workers=2),
        module(
            "hypercorn",
            "hypercorn",
            "--bind=127.0.0.1:{port}",
            "--workers={workers}",
            f"--graceful-timeout={GRACE}",
            "--log-level=warning",
            "{package}.asgi:application",
        ),
        module(
            "daphne",
            "daphne",
            "--bind=127.0.0.1",
            "--port={port}",
            "--verbosity=0",
            "{package}.asgi:application",
            workers=1,
        ),
        granian("wsgi"),
        granian("asgi"),
        module("waitress", "waitress", "--listen=127.0.0.1:{port}", "{package}.wsgi:application", workers=1),
        uwsgi("uWSGI"),
        uwsgi("uWSGI --enable-threads", "--enable-threads"),
        uwsgi("uWSGI --lazy-apps", "--lazy-apps"),
        uwsgi("uWSGI gevent", "--gevent=20", "--gevent-monkey-patch", needs="gevent", watches=False),
        mod_wsgi(),
        Server(
            "runserver",
            (sys.executable, "-m", "django", "runserver", "127.0.0.1:{port}"),
            ("django",),
            most_workers=1,
            signals_group=True,
            asks_database=True,
        ),
    )
}
