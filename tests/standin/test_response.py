import json
import os
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import get_default_timezone

from downtime import conf
from downtime.http.built_in_page import built_in_page
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Period, Window
from downtime.standin.observer import ANY_DOWNTIME
from downtime.standin.response import BROKEN, page, problem, twin_of
from tests.support.refusals import ENDS_AT_FOUR, OPEN_ENDED, refused

NOW = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)
AT_FOUR = replace(ANY_DOWNTIME, start=NOW, end=NOW.replace(hour=4), message="Faster <disks>.")


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    return tmp_path / "downtime.html"


def details(page_file: Path | None, downtime: Any = AT_FOUR, *, was_sent: bool = False) -> dict[str, Any]:
    """The problem details at two o'clock."""
    path = str(page_file) if page_file else None
    response = problem(downtime, path, now=NOW.timestamp(), was_sent=was_sent)
    assert dict(response.headers)["Content-Type"] == "application/problem+json"
    return json.loads(response.body)  # type: ignore[no-any-return]


def test_the_page_is_what_the_file_holds(page_file: Path) -> None:
    page_file.write_bytes(b"<p>\xff whatever")
    response = page(AT_FOUR, str(page_file), now=NOW.timestamp(), was_sent=False)
    assert response.body == b"<p>\xff whatever"
    assert dict(response.headers) == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": "13",
        "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
        "Vary": "Accept, Sec-Fetch-Dest, X-Requested-With, Content-Type, HX-Request, Turbo-Frame",
        "X-Downtime": "planned",
        "Retry-After": "7200",
    }


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 5_000_000)


@pytest.mark.parametrize(
    "make",
    [lambda path: None, Path.touch, Path.mkdir, as_pipe, as_huge, lambda path: path.symlink_to("nothing")],
    ids=["missing", "empty", "a folder", "a pipe", "huge", "a link that leads nowhere"],
)
@pytest.mark.parametrize("was_sent", [False, True], ids=["GET", "POST"])
def test_a_page_that_can_not_be_read_is_the_built_in_one_with_the_message(
    page_file: Path, make: Any, was_sent: bool
) -> None:
    make(page_file)
    response = page(AT_FOUR, str(page_file), now=NOW.timestamp(), was_sent=was_sent)
    assert response.body.decode() == built_in_page("Faster <disks>.", was_sent=was_sent)
    assert page(AT_FOUR, None, now=NOW.timestamp(), was_sent=was_sent).body == response.body


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "period", [OPEN_ENDED, replace(OPEN_ENDED, end=ENDS_AT_FOUR), replace(OPEN_ENDED, message="Ü <b>", retry_after=60)]
)
def test_a_script_gets_what_the_middleware_would_send(period: Period, method: str) -> None:
    sent = refused(period, period.end, method=method, accept="application/json")
    downtime = occurrence(Window(period.start, 0, period.end, period), get_default_timezone())
    response = problem(downtime, None, now=time.time(), was_sent=method == "POST")
    own, of_middleware = json.loads(response.body), json.loads(sent.content)
    seconds = own.pop("retry_after"), of_middleware.pop("retry_after")
    assert seconds[0] == seconds[1] or abs(seconds[0] - seconds[1]) == 1, "a second may have begun in between"
    assert own == of_middleware
    headers = dict(response.headers)
    for name in ("Content-Type", "Cache-Control", "Vary", "X-Downtime"):
        assert headers[name] == sent[name]
    assert ("Retry-After" in headers) is ("Retry-After" in sent)


def test_a_script_is_told_what_is_known(page_file: Path) -> None:
    assert details(None) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Faster <disks>.",
        "start": "2026-12-01T02:00:00+00:00",
        "end": "2026-12-01T04:00:00+00:00",
        "retry_after": 7200,
        "state": "down",
    }
    assert details(None, was_sent=True)["detail"] == "Faster <disks>.\nWhat was sent was not saved."
    nothing = details(None, ANY_DOWNTIME)
    assert nothing["detail"] == "The site is down for maintenance."
    assert (nothing["start"], nothing["end"], nothing["retry_after"]) == (None, None, None)


def test_of_the_twin_only_what_the_files_do_not_say_is_told(page_file: Path) -> None:
    twin = {"detail": "Wartungsarbeiten.", "end": "2099-01-01T00:00:00+01:00", "state": "nonsense"}
    page_file.with_suffix(".json").write_text(json.dumps(twin))
    assert details(page_file)["detail"] == "Faster <disks>."
    assert details(page_file)["end"] == "2026-12-01T04:00:00+00:00"
    without_message = details(page_file, replace(AT_FOUR, message="", end=None))
    assert (without_message["detail"], without_message["end"]) == ("Wartungsarbeiten.", None)
    unread = details(page_file, ANY_DOWNTIME)
    assert (unread["detail"], unread["end"], unread["state"]) == ("Wartungsarbeiten.", twin["end"], "down")


@pytest.mark.parametrize("text", ["", "[]", '{"detail": 3}', "{", "[" * 100_000, "\udcff"], ids=len)
def test_a_twin_that_is_none_changes_nothing(page_file: Path, text: str) -> None:
    page_file.with_suffix(".json").write_text(text, errors="surrogateescape")
    assert details(page_file, ANY_DOWNTIME)["detail"] == "The site is down for maintenance."


def test_the_error_has_the_length_that_it_claims() -> None:
    assert dict(BROKEN.headers)["Content-Length"] == str(len(BROKEN.body))


def test_a_message_that_can_not_be_sent_is_sent_as_far_as_it_can() -> None:
    assert details(None, replace(AT_FOUR, message="half \ud800"))["detail"] == "half ?"


@pytest.mark.parametrize("path", ["/srv/a.b/downtime.html", "/srv/a.b/downtime", "/srv/.page"])
def test_the_twin_is_where_the_commands_write_it(path: str) -> None:
    assert twin_of(path) == conf.twin_of(path)
