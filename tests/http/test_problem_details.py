"""The problem details, as a response and as what of them stays true."""

import json
from datetime import datetime, timezone

import pytest

from downtime.http.language import Language
from downtime.http.pages import Kind
from downtime.http.problem_details import json_response, problem_details, problem_response
from downtime.schedule.periods import ALWAYS, NEVER, Period, Window
from tests.support.refusals import PROBLEM, START

END = datetime(2026, 12, 1, 3, tzinfo=timezone.utc)
ENGLISH = Kind(Language("en"))
FACTS = {
    "nothing is known": (Period(), NEVER, ENGLISH, ("The site is down for maintenance.", None, None, "down")),
    "a message and an end": (
        Period(START, message="Faster disks."),
        END,
        ENGLISH,
        ("Faster disks.", "2026-12-01T02:00:00+01:00", "2026-12-01T04:00:00+01:00", "down"),
    ),
    "writing": (
        Period(read_only=True),
        NEVER,
        ENGLISH,
        ("Changes are paused while the site is under maintenance. Reading goes on.", None, None, "read-only"),
    ),
    "a part": (
        Period(paths=("/shop",)),
        NEVER,
        ENGLISH._replace(home="/"),
        ("This part of the site is down for maintenance.", None, None, "down"),
    ),
    "something was sent": (
        Period(message="Faster disks."),
        NEVER,
        ENGLISH._replace(was_sent=True),
        ("Faster disks.\nWhat was sent was not saved.", None, None, "down"),
    ),
    "in German": (
        Period(),
        NEVER,
        Kind(Language("de")),
        ("Die Website wird gerade gewartet.", None, None, "down"),
    ),
}


def window_of(period: Period) -> Window:
    return Window(ALWAYS, -1, period.end, period)


@pytest.mark.parametrize(("period", "release", "kind", "facts"), FACTS.values(), ids=FACTS)
def test_the_members_tell_what_does_not_age(
    period: Period, release: datetime, kind: Kind, facts: tuple[str | None, ...]
) -> None:
    details = problem_details(window_of(period), release, kind)
    assert (details.pop("type"), details.pop("title"), details.pop("status")) == (
        "about:blank",
        "Service Unavailable",
        503,
    )
    assert details == dict(zip(("detail", "start", "end", "state"), facts, strict=True))


@pytest.mark.parametrize("seconds", [None, 60])
def test_the_response_tells_when_to_try_again_as_well(seconds: int | None) -> None:
    window = window_of(Period(START, message="Größer"))
    response = problem_response(window, END, ENGLISH, seconds)
    assert json.loads(response.content) == {**problem_details(window, END, ENGLISH), "retry_after": seconds}
    assert (response.status_code, response["Content-Type"], response["Content-Language"]) == (503, PROBLEM, "en")
    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Downtime"] == "planned"


def test_the_json_is_readable_by_people_too() -> None:
    assert json_response({"detail": "Größer 🚧"}).content.decode() == '{"detail": "Größer 🚧"}'
