"""What the options that commands share are converted into, and how they are refused."""

from datetime import datetime, timezone
from typing import Any

import pytest
from django.core.management.base import CommandError, CommandParser

from downtime.management import arguments
from downtime.schedule import converters
from tests.support.texts import BERLIN

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
BEFORE_SUMMER = datetime(2026, 3, 29, 0, 50, tzinfo=timezone.utc)
"""01:50 in Berlin, ten minutes before the clocks go on to 03:00."""
IN_SUMMER = datetime(2026, 3, 29, 1, 10, tzinfo=timezone.utc)
"""03:10 in Berlin, after they did."""
FIRST_HOUR = datetime(2026, 10, 25, 0, 45, tzinfo=timezone.utc)
"""02:45 in Berlin, before the clocks go back from 03:00 to 02:00."""


def options(*command_line: str) -> dict[str, Any]:
    parser = CommandParser()
    arguments.add_period_options(parser)
    return vars(parser.parse_args(command_line))


@pytest.mark.parametrize(
    ("command_line", "keys"),
    [
        ([], {}),
        (["--message", ""], {}),
        (["--message", "Soon."], {"message": "Soon."}),
        (["--retry-after", "600"], {"retry_after": 600}),
        (["--redirect", "/upgrade/"], {"redirect": "/upgrade/"}),
        (["--read-only"], {"read_only": True}),
        (["--path", "/shop/", "--path", "/"], {"paths": ["/shop", "/"]}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_is_given_is_a_key_of_the_period(command_line: list[str], keys: dict[str, object]) -> None:
    assert arguments.period_keys(options(*command_line)) == keys


@pytest.mark.parametrize(
    ("value", "fold", "expected"),
    [
        ("2026-12-02 02:00", 0, datetime(2026, 12, 2, 1, tzinfo=timezone.utc)),
        ("2026-12-02T02:00Z", 0, datetime(2026, 12, 2, 2, tzinfo=timezone.utc)),
        ("2026-10-25 02:30", 0, datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)),
        ("2026-10-25 02:30", 1, datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc)),
        ("+1h30m", 0, datetime(2026, 12, 1, 13, 30, tzinfo=timezone.utc)),
        ("now", 0, NOW),
        ("2026-12-02T02:00:00,123456789+00:00", 0, datetime(2026, 12, 2, 2, 0, 0, 123456, tzinfo=timezone.utc)),
        ("2026-12-02 02:00:00.5Z", 0, datetime(2026, 12, 2, 2, 0, 0, 500000, tzinfo=timezone.utc)),
        ("14:00", 0, datetime(2026, 12, 1, 13, tzinfo=timezone.utc)),
        ("13:00:01", 0, datetime(2026, 12, 1, 12, 0, 1, tzinfo=timezone.utc)),
        ("13:00", 0, datetime(2026, 12, 2, 12, tzinfo=timezone.utc)),
        ("04:00", 0, datetime(2026, 12, 2, 3, tzinfo=timezone.utc)),
        ("today", 0, datetime(2026, 11, 30, 23, tzinfo=timezone.utc)),
        ("today 02:00", 0, datetime(2026, 12, 1, 1, tzinfo=timezone.utc)),
        ("tomorrow", 0, datetime(2026, 12, 1, 23, tzinfo=timezone.utc)),
        ("tomorrow 02:00:30", 0, datetime(2026, 12, 2, 1, 0, 30, tzinfo=timezone.utc)),
    ],
)
def test_a_time_is_one_of_the_zone_or_counted_from_now_on(value: str, fold: int, expected: datetime) -> None:
    assert arguments.to_moment("--start", value, NOW, BERLIN, fold=fold) == expected


@pytest.mark.parametrize(
    ("now", "fold", "value", "expected"),
    [
        (FIRST_HOUR, 0, "02:50", datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc)),
        (FIRST_HOUR, 1, "02:50", datetime(2026, 10, 25, 1, 50, tzinfo=timezone.utc)),
        (FIRST_HOUR, 0, "02:30", datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc)),
        (FIRST_HOUR, 1, "02:30", datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc)),
        (FIRST_HOUR, 0, "04:00", datetime(2026, 10, 25, 3, tzinfo=timezone.utc)),
        (FIRST_HOUR, 0, "01:00", datetime(2026, 10, 26, 0, tzinfo=timezone.utc)),
        (BEFORE_SUMMER, 0, "03:00", datetime(2026, 3, 29, 1, tzinfo=timezone.utc)),
        (IN_SUMMER, 0, "02:30", datetime(2026, 3, 30, 0, 30, tzinfo=timezone.utc)),
        (IN_SUMMER, 0, "04:00", datetime(2026, 3, 29, 2, tzinfo=timezone.utc)),
    ],
)
def test_a_time_of_day_is_the_next_one_also_as_the_clocks_change(
    now: datetime, fold: int, value: str, expected: datetime
) -> None:
    assert arguments.to_moment("--until", value, now, BERLIN, fold=fold) == expected


def test_a_time_of_day_can_be_the_next_one_after_another_moment() -> None:
    tonight = datetime(2026, 12, 1, 21, tzinfo=timezone.utc)
    found = arguments.to_moment("--end", "22:00", NOW, BERLIN, fold=1, after=tonight)
    assert found == datetime(2026, 12, 2, 21, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("now", "value", "reason"),
    [
        (NOW, "soon", "it must be a time such as '2026-12-01 02:00', or '+2h' for two hours from now, '04:00'"),
        (NOW, "4:00", "it must be a time such as"),
        (NOW, "04:00\n", "it must be a time such as"),
        (NOW, "\u0660\u0664:00", "it must be a time such as"),
        (NOW, "yesterday 02:00", "it must be a time such as"),
        (NOW, "tomorrow 2", "it must be a time such as"),
        (NOW, "25:00", "there is no such time: hour must be in 0..23"),
        (NOW, "02:60", "there is no such time: minute must be in 0..59"),
        (NOW, "tomorrow 25:00", "there is no such time"),
        (NOW, "2026-12-01 02:00:00;5", "it must be an ISO 8601 date"),
        (BEFORE_SUMMER, "02:30", "the clocks of Europe/Berlin skip that time; the nearest are 2026-03-29 01:59"),
        (BEFORE_SUMMER, "today 02:30", "the clocks of Europe/Berlin skip that time"),
    ],
)
def test_any_other_time_is_refused_with_what_is_allowed(now: datetime, value: str, reason: str) -> None:
    with pytest.raises(CommandError) as error:
        arguments.to_moment("--until", value, now, BERLIN, fold=1)
    assert str(error.value).startswith(f"--until is {value!r}; {reason}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-12-02", "2026-12-02"),
        ("2026-12-02T02:00:00,123456789+00:00", "2026-12-02T02:00:00.123456789+00:00"),
        ("+1h", "2026-12-01 14:00:00"),
        ("now", "2026-12-01 13:00:00"),
        ("04:00", "2026-12-02 04:00:00"),
        ("tomorrow", "2026-12-02 00:00:00"),
    ],
)
def test_a_time_is_written_as_it_was_given_if_the_file_can_hold_it_and_else_written_out_in_the_zone(
    value: str, text: str
) -> None:
    moment = arguments.to_moment("--start", value, NOW, BERLIN, fold=0)
    assert arguments.moment_text(value, moment, BERLIN, fold=0) == text
    assert converters.moment(text, BERLIN, fold=0) == moment


def test_a_value_that_can_not_be_converted_ends_the_command() -> None:
    with pytest.raises(CommandError, match=r"^--for is 'long'; it must be a duration such as 90m"):
        arguments.convert("--for", "long", converters.duration)
    assert arguments.convert("--for", "1d", converters.duration).days == 1
