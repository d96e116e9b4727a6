import subprocess
import sys
from pathlib import Path

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

import downtime
from downtime import guard
from downtime.standin import asgi_standin, wsgi_standin

PACKAGE = Path(downtime.__file__).parents[1]


def broken() -> None:
    raise ImportError("No module named 'shop'")


def test_its_import_needs_the_standard_library_alone() -> None:
    """In an interpreter that has no site-packages."""
    program = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); import downtime.guard; print(*sys.modules)"
    command = [sys.executable, "-S", "-E", "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in ran.stdout.split()}
    assert not loaded & {"django", "yaml", "watchdog", "asgiref", "cronsim"}


def test_while_the_site_is_up_it_is_django_s_own_application(flag: Path) -> None:
    assert type(guard.wsgi(flag_file=flag)) is WSGIHandler
    assert type(guard.asgi(flag_file=flag)) is ASGIHandler


def test_while_the_site_is_down_and_broken_it_is_a_stand_in(flag: Path) -> None:
    flag.touch()
    assert type(guard.wsgi(flag_file=flag, load=broken)) is wsgi_standin.StandIn
    assert type(guard.asgi(flag_file=flag, load=broken)) is asgi_standin.StandIn


@pytest.mark.parametrize("application", [guard.wsgi, guard.asgi], ids=["wsgi", "asgi"])
def test_a_wrong_argument_is_an_error_at_the_start(application: type) -> None:
    with pytest.raises(ValueError, match=r"flag_file is 'downtime\.flag'; it must be an absolute path"):
        application(flag_file="downtime.flag")
