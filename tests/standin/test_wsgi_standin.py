import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from downtime.standin.answers import Answers
from downtime.standin.loader import Loader
from downtime.standin.options import Options
from downtime.standin.wsgi_standin import StandIn
from tests.support.waiting import wait_until

MakeOptions = Callable[..., Options]


class Site:
    """A WSGI application that says so, and whose load may fail."""

    is_broken = False

    def load(self) -> Any:
        if self.is_broken:
            raise ImportError("No module named 'shop'")
        return validator(self.app)

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"the site"]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def stand_in(options: MakeOptions, site: Site) -> StandIn:
    made = options(site.load)
    return StandIn(Answers(made), Loader(made))


def ask(application: Any, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body of a response that keeps to PEP 3333."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": "/", "SCRIPT_NAME": "", "QUERY_STRING": ""}
    environ |= headers
    setup_testing_defaults(environ)
    started: list[Any] = []
    body = validator(application)(environ, lambda *given: started.append(given) or (lambda data: None))
    try:
        content = b"".join(body)
    finally:
        body.close()
    status, given = started[0][:2]
    return status, dict(given), content


def test_while_the_site_is_down_each_request_gets_503(stand_in: StandIn, flag: Path) -> None:
    flag.write_text("message: Faster disks.\nend: 2099-01-01\n")
    status, headers, body = ask(stand_in)
    assert (status, headers["X-Downtime"], headers["Content-Type"]) == (
        "503 Service Unavailable",
        "planned",
        "text/html; charset=utf-8",
    )
    assert int(headers["Retry-After"]) > 1_000_000
    assert b"Faster disks." in body
    length = headers["Content-Length"]
    assert len(body) == int(length)
    _, headers, body = ask(stand_in, "HEAD")
    assert (headers["Content-Length"], body) == (length, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_ACCEPT": "application/json"},
        {"HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
        {"CONTENT_TYPE": "application/json"},
    ],
    ids=str,
)
def test_a_script_gets_problem_details(stand_in: StandIn, flag: Path, headers: dict[str, str]) -> None:
    flag.touch()
    _, given, body = ask(stand_in, "POST", **headers)
    assert given["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"].endswith("What was sent was not saved.")
    _, given, body = ask(stand_in, "POST", HTTP_HX_REQUEST="true", **headers)
    assert given["Content-Type"].startswith("application/problem" if "HTTP_ACCEPT" in headers else "text/html")


def test_once_the_site_is_up_it_is_loaded_and_answers_that_very_request(
    stand_in: StandIn, site: Site, flag: Path
) -> None:
    flag.touch()
    assert ask(stand_in)[0].startswith("503")
    flag.unlink()
    wait_until(lambda: ask(stand_in)[2] == b"the site", what="the site answers")
    flag.touch()
    assert ask(stand_in)[2] == b"the site", "the middleware of the site decides from now on"


def test_a_site_that_can_not_be_loaded_once_it_is_up_is_an_error(
    stand_in: StandIn, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.is_broken = True
    assert ask(stand_in)[0] == "500 Internal Server Error"
    assert "No module named 'shop'" in caplog.text


SPOILED = """
import os, sys
from downtime.standin.answers import Answers
from downtime.standin.loader import Loader
from downtime.standin.options import checked
from downtime.standin.wsgi_standin import StandIn

parent = os.getpid()

def load():
    if os.getpid() == parent:
        sys.exit("broken here")
    return "the site"

options = checked(sys.argv[1], None, None, None, None, 20, load)
stand_in = StandIn(Answers(options), Loader(options))
for method in ("GET", "HEAD"):
    body = stand_in({"REQUEST_METHOD": method}, lambda status, headers: print(status, dict(headers)["Retry-After"]))
    print(len(list(body)[0]) > 0, flush=True)
body.close()
print("still there")
"""


def test_a_process_is_spoiled_by_a_load_that_fails_in_it_alone(options: MakeOptions, ended: list[int]) -> None:
    """It ends when the server closes the answer; here the end of the process is an exception."""
    parent = os.getpid()

    def load() -> str:
        if os.getpid() == parent:
            raise RuntimeError("broken here")
        return "the site"

    made = options(load)
    for method, has_body in (("GET", True), ("HEAD", False)):
        status, headers, body = ask(StandIn(Answers(made), Loader(made)), method)
        assert (status, headers["Retry-After"], bool(body)) == ("503 Service Unavailable", "1", has_body)
    assert ended == [1, 1]


def test_a_spoiled_process_answers_once_more_and_ends(flag: Path) -> None:
    command = [sys.executable, "-c", SPOILED, str(flag)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    answer = "503 Service Unavailable 1\n"
    assert (ran.returncode, ran.stdout) == (1, f"{answer}True\n{answer}False\n")
