import shlex

import pytest

from downtime.admin_page import shell_commands
from downtime.schedule.periods import Period


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("storage-upgrade", ["downtime_cancel", "storage-upgrade"]),
        ("two words", ["downtime_cancel", "two words"]),
        ("it's; rm -rf $HOME `id`", ["downtime_cancel", "it's; rm -rf $HOME `id`"]),
        ("--help", ["downtime_cancel", "--", "--help"]),
        ("", ["downtime_edit"]),
    ],
)
def test_a_period_is_cancelled_by_its_name_or_else_edited(name: str, words: list[str]) -> None:
    assert shlex.split(shell_commands.for_period(Period(name=name))) == ["python", "manage.py", *words]


def test_a_plain_name_stands_without_quotes() -> None:
    command = shell_commands.for_period(Period(name="storage-upgrade"))
    assert command == "python manage.py downtime_cancel storage-upgrade"


@pytest.mark.parametrize(
    ("names", "name"),
    [(set(), "upgrade"), ({"upgrade"}, "upgrade-2"), ({"upgrade", "upgrade-2", "upgrade-4"}, "upgrade-3")],
)
def test_a_period_is_planned_under_a_name_that_is_free(names: set[str], name: str) -> None:
    assert shell_commands.to_schedule(names) == f"python manage.py downtime_schedule {name} --start +1h --for 2h"


def test_a_flag_is_dropped_or_lowered() -> None:
    assert shell_commands.for_flag("/srv/a b/downtime.flag", is_raised=False) == "touch '/srv/a b/downtime.flag'"
    assert shell_commands.for_flag("/srv/downtime.flag", is_raised=True) == "rm /srv/downtime.flag"
    assert shell_commands.for_flag("/srv/downtime.flag", is_raised=True, is_folder=True) == "rmdir /srv/downtime.flag"


def test_the_flag_of_a_fleet_is_lowered_and_raised_on_every_host() -> None:
    assert shell_commands.for_fleet_flag(is_raised=False) == "python manage.py downtime_start --fleet"
    assert shell_commands.for_fleet_flag(is_raised=True) == "python manage.py downtime_end --fleet"
