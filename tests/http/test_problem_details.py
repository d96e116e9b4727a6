"""The problem details, as a response and as what of them stays true."""

import json
from datetime import datetime, timezone

import pytest

from downtime.http.language import Language
from downtime.http.pages import Kind
from downtime.http.problem_details import json_response, prepare_problem, problem_details, problem_response
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


@pytest.mark.parametrize("seconds", [None, 1, 60, 10**10])
@pytest.mark.parametrize("message", ["", "Größer 🚧", '{"}', "}", "half a pair: \ud800", "a\nb"], ids=ascii)
@pytest.mark.parametrize("was_sent", [False, True], ids=["read", "sent"])
def test_the_body_is_to_the_byte_what_all_members_come_to_at_once(
    seconds: int | None, message: str, was_sent: bool
) -> None:
    window, kind = window_of(Period(START, message=message)), ENGLISH._replace(was_sent=was_sent)
    whole = {**problem_details(window, END, kind), "retry_after": seconds}
    try:
        expected = json_response(whole).content
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            prepare_problem(window, END, kind)
    else:
        assert problem_response(prepare_problem(window, END, kind), seconds).content == expected


def test_responses_of_the_same_problem_share_nothing() -> None:
    prepared = prepare_problem(window_of(Period(START)), END, ENGLISH)
    first, second = problem_response(prepared, 1), problem_response(prepared, 22)
    first["X-Mine"] = "1"
    first.set_cookie("mine", "1")
    assert (json.loads(first.content)["retry_after"], json.loads(second.content)["retry_after"]) == (1, 22)
    assert int(second["Content-Length"]) == int(first["Content-Length"]) + 1 == len(second.content)
    assert ("X-Mine" in second, second.cookies, "X-Mine" in prepared.response) == (False, {}, False)


@pytest.mark.parametrize("seconds", [None, 60])
def test_the_response_tells_when_to_try_again_as_well(seconds: int | None) -> None:
    window = window_of(Period(START, message="Größer"))
    response = problem_response(prepare_problem(window, END, ENGLISH), seconds)
    assert json.loads(response.content) == {**problem_details(window, END, ENGLISH), "retry_after": seconds}
    assert (response.status_code, response["Content-Type"], response["Content-Language"]) == (503, PROBLEM, "en")
    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Downtime"] == "planned"


def test_the_json_is_readable_by_people_too() -> None:
    assert json_response({"detail": "Größer 🚧"}).content.decode() == '{"detail": "Größer 🚧"}'
