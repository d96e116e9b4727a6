"""What the options that commands share are converted into, and how they are refused."""

from datetime import datetime, timezone
from typing import Any

import pytest
from django.core.management.base import CommandError, CommandParser

from downtime.management import arguments
from downtime.schedule import converters
from tests.support.texts import BERLIN

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


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
    ],
)
def test_a_time_is_one_of_the_zone_or_counted_from_now_on(value: str, fold: int, expected: datetime) -> None:
    assert arguments.to_moment("--start", value, NOW, BERLIN, fold=fold) == expected


@pytest.mark.parametrize(
    ("value", "text"), [("2026-12-02", "2026-12-02"), ("+1h", "2026-12-01 14:00:00")], ids=["as given", "written out"]
)
def test_a_time_that_is_counted_from_now_on_is_written_out_in_the_zone(value: str, text: str) -> None:
    moment = arguments.to_moment("--start", value, NOW, BERLIN, fold=0)
    assert arguments.moment_text(value, moment, BERLIN, fold=0) == text


def test_a_value_that_can_not_be_converted_ends_the_command() -> None:
    with pytest.raises(CommandError, match=r"^--for is 'long'; it must be a duration such as 90m"):
        arguments.convert("--for", "long", converters.duration)
    assert arguments.convert("--for", "1d", converters.duration).days == 1
